"""Why PostgreSQL cannot be used, in words that say what to change and repeat nothing of the address."""

from models.failures import is_read_only

# The server sends these as texts without a code, in English unless its administrator has chosen another language.
_SAID = (
    ("password authentication failed", "PostgreSQL refuses the user or the password in DATABASE_URL."),
    ("no password supplied", "PostgreSQL asks for a password, and DATABASE_URL has none."),
    ("no pg_hba.conf entry", "PostgreSQL does not let the user in DATABASE_URL in from here; see its pg_hba.conf."),
    ("authentication failed", "PostgreSQL does not let the user in DATABASE_URL in from here; see its pg_hba.conf."),
    ('FATAL:  role "', "PostgreSQL has no user of the name in DATABASE_URL."),
    ('FATAL:  database "', "PostgreSQL has no database of the name in DATABASE_URL; create it, or correct the name."),
    ("is not permitted to log in", "The user in DATABASE_URL is not permitted to log in to PostgreSQL."),
    ("too many clients", "PostgreSQL has no connection left; raise its max_connections, or lower DATABASE_POOL."),
    ("connection slots", "PostgreSQL has no connection left; raise its max_connections, or lower DATABASE_POOL."),
    ("the database system is", "PostgreSQL is starting, stopping or recovering; try again shortly."),
    ("failed to resolve host", "The host in DATABASE_URL cannot be found."),
    ("does not support SSL", "DATABASE_URL asks for TLS (sslmode), and PostgreSQL does not offer it."),
    ("certificate verify failed", "The certificate of the server in DATABASE_URL cannot be verified."),
)
READ_ONLY = (
    "PostgreSQL takes no writes (a standby during a failover, or default_transaction_read_only); try again shortly."
)


def why_unreachable(problem: Exception) -> str | None:
    """Returns what has to change for PostgreSQL to serve us, or None if it simply does not answer."""
    if is_read_only(problem):
        return READ_ONLY
    text = str(problem)
    return next((sentence for words, sentence in _SAID if words in text), None)
