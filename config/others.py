"""Room for others: long work on the CPU lets the other requests of its process run now and then."""

import time


def let_others_run() -> None:
    """Lets what else waits in this process run, if anything does: in web, whose light threads change only here."""
    # In web this is gevent's; elsewhere it costs a microsecond.
    time.sleep(0)
