"""rq-dashboard at /rq, as far as operators may use it."""
