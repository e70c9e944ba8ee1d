"""How PostgreSQL reads the message table for a campaign that is not in its statistics yet."""

import re

import pytest

from models.database import db as database
from models.database import rows
from models.messages import batch, claiming, recording
from models.messages import recovery as message_recovery
from models.messages.arrays import booleans, numbers, texts
from tests.factories import an_account
from tests.sending import started

PARAMETERS = {
    "batch": 1,
    "batch_size": 20,
    "first": 20,
    "last": 40,
    "want": 10,
    "token": 5,
    "lease": 30,
    "provider": "p",
    "n": numbers([20, 21]),
    "state": texts(["sent", "sent"]),
    "provider_id": texts(["a", "b"]),
    "error": texts([None, None]),
    "reason": texts([None, None]),
    "wait": numbers([None, None]),
    "counted": booleans([True, True]),
    "ended": False,
    "segments": 6,
    "known": numbers([20, 21]),
    "batches": numbers([1]),
    "current": 1,
    "number": 1,
    "joinable_after": 5,
    "count": 2,
    "answered_by": texts([None, None]),
    "cap_per_day": 1,
    "cap_per_week": 2,
    "not_before": texts(["2030-01-01", "2030-01-01"]),
    "send_until": texts([None, None]),
}
STATEMENTS = {
    "take": batch._TAKE,
    "claim": claiming._CLAIMS[None, False],
    "claim_at_a_rate": claiming._CLAIMS[None, True],
    "claim_with_caps": claiming._CLAIMS["skip", False],
    "postpone": claiming._POSTPONE,
    "record": recording._RECORD,
    "record_sent": recording._RECORD_SENT,
    "record_opt_outs": recording._RECORD_OPT_OUTS,
    "record_sending": recording._RECORD_SENDING,
    "record_unknown": recording._RECORD_UNKNOWN,
    "undo": claiming._UNDO_CLAIMS,
    "expire": message_recovery._EXPIRE_LEASES,
    "expire_list": message_recovery._EXPIRE_LIST,
    "cancel": message_recovery._CANCEL,
    "give_up": message_recovery._GIVE_UP,
}


@pytest.fixture
def unknown_campaign(db, redis, configure):
    """A campaign written after the table was analysed, as every large one is during its first minute."""
    configure(BATCH_SIZE=20)
    account = an_account(credits=10_000)
    rows("ALTER TABLE message SET (autovacuum_enabled = off)")
    started(account, recipients=2000)
    rows("ANALYZE message")
    yield started(account, recipients=2000)
    rows("ALTER TABLE message RESET (autovacuum_enabled)")


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_of_the_send_path_reads_messages_by_their_number(unknown_campaign, name):
    parameters = PARAMETERS | {"campaign": unknown_campaign}
    plan = [line for (line,) in database.connection().execute("EXPLAIN " + STATEMENTS[name], parameters).fetchall()]
    scans = [
        (line, plan[at + 1]) for at, line in enumerate(plan) if re.search(r"Scan .*on message|Scan on message", line)
    ]
    assert scans
    for scan, condition in scans:
        at_its_place = "Tid Scan" in scan and "TID Cond" in condition
        by_number = "message_pkey" in scan and re.search(r"\(n (>=|= ANY|=)", condition)
        by_phone = "message_campaign_id_phone" in scan and "(phone = " in condition
        assert at_its_place or by_number or (by_phone and name == "claim_with_caps"), "\n".join(plan)
