"""How web serves: gunicorn's gevent worker, with limits in time and number for strangers.

`worker` takes connections and answers what is no request at all, `line` is one connection, on which neither side may
let the other wait for long, and `crowd` counts what each address, or account, has open.
"""
