"""The floor: how fast this PostgreSQL writes and marks one bare row per recipient with two statements, at this moment.

It stays the same whatever becomes of our own tables, so that figures can be compared over the years. No campaign can be
faster without being less durable, so the product is measured by the share of this speed that it reaches.
"""

from time import monotonic

from models.database import db, long_statements, rows

_CREATE = """
CREATE TABLE floor (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL,
    contact_id  bigint NOT NULL,
    phone       text NOT NULL,
    status      text NOT NULL,
    provider_id text,
    sent_at     timestamptz
);
CREATE UNIQUE INDEX floor_contact ON floor (campaign_id, contact_id);
CREATE INDEX floor_status ON floor (campaign_id, status);
"""
# Writes one row per recipient, as a preparation does.
_INSERT = """
INSERT INTO floor (campaign_id, contact_id, phone, status) SELECT 1, id, phone, 'pending' FROM customer
"""
# Marks every row as sent, as the send path does.
_UPDATE = """
UPDATE floor SET status = 'sent', provider_id = 'sim-' || id, sent_at = now()
WHERE campaign_id = 1 AND status = 'pending'
"""


def measure_floor(recipients: int) -> float:
    """Returns the messages per second of the bare table; each of its two statements commits durably."""
    with long_statements(3600):
        db.connection().execute(_CREATE)
        try:
            settle_disk()
            seconds = _seconds(_INSERT, recipients) + _seconds(_UPDATE, recipients)
        finally:
            rows("DROP TABLE floor")
    return recipients / seconds


def settle_disk() -> None:
    """Writes earlier work to disk, so that the next measurement does not pay for it."""
    rows("CHECKPOINT")


def _seconds(statement: str, expected: int) -> float:
    started = monotonic()
    touched = db.connection().execute(statement).rowcount
    seconds = monotonic() - started
    assert touched == expected, f"the floor touched {touched} rows instead of {expected}"
    return seconds
