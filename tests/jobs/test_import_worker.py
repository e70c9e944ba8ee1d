"""A worker is killed in the middle of an import."""

from io import BytesIO

import pytest

from dispatch.customers.import_upload import Wish, read_import, start_import
from dispatch.queues import PREPARE
from dispatch.recovery import recover
from models.customers.import_files import MOST_REJECTS
from models.database import changed, row
from tests.factories import an_account, asking
from tests.processes import running
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db")]

LINES = 40_000


def test_another_worker_continues_where_a_killed_one_stopped(redis, tmp_path):
    content = "phone,first_name\n" + "".join(f"69{n:08d},Name{n}\n12,Short\n" for n in range(LINES // 2))
    account_id = an_account(country="GR").id
    import_id = start_import(asking(account_id), BytesIO(content.encode()), Wish("spring")).id
    with running("jobs.worker", PREPARE, log=tmp_path / "first") as worker:
        wait_until(lambda: read_import(asking(), import_id).lines, "its first lines are in")
        worker.kill()
    cut_short = read_import(asking(), import_id)
    assert (cut_short.status, cut_short.lines < LINES) == ("running", True)
    changed("UPDATE customer_import SET touched_at = touched_at - interval '2 minutes'")
    assert recover() == {"imports_taken_over": 1}
    with running("jobs.worker", PREPARE, log=tmp_path / "second") as worker:
        wait_until(lambda: read_import(asking(), import_id).status == "done", "another finishes it")
        assert worker.stop(seconds=15) == 0, worker.log
    done = read_import(asking(), import_id)
    assert (done.imported, done.updated, done.rejected) == (LINES // 2, 0, LINES // 2)
    counted = row(
        """SELECT (SELECT count(*) FROM customer) AS customers, (SELECT count(*) FROM list_member) AS members,
                  (SELECT count(*) FROM customer_import_reject) AS rejects"""
    )
    assert counted == {"customers": LINES // 2, "members": LINES // 2, "rejects": MOST_REJECTS}
