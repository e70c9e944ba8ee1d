"""What logs contain: the bound fields, and never a customer's row."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

from config.logging import without_rows

_PROLOGUE = """
import logging, threading
import structlog
from config.logging import start_logging
from config.settings import settings
from models.database import db, open_database, rows
start_logging(settings(), process="test")
open_database(settings().database_url.get_secret_value(), application="test", allow_unsafe=True)
"""


@pytest.fixture
def logged(db, servers):
    """Runs a script in a process that logs as ours do; returns its lines as objects."""

    def run(script: str) -> list[dict]:
        ended = subprocess.run(
            [sys.executable, "-c", _PROLOGUE + textwrap.dedent(script)],
            env={**os.environ, "LOG_FORMAT": "json"},
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in ended.stderr.splitlines()]

    return run


def test_every_line_says_which_process_wrote_it_in_any_thread(logged):
    ours, theirs = logged(
        """
        def write():
            structlog.get_logger().info("thing.done", n=1)
            logging.getLogger("some.library").warning("careful")
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        """
    )
    assert (ours["event"], ours["process"], ours["n"], ours["level"]) == ("thing.done", "test", 1, "info")
    assert (theirs["event"], theirs["process"]) == ("careful", "test")


def test_loggers_that_were_used_before_follow_a_later_configuration(logged):
    first, second = logged(
        """
        log = structlog.get_logger()
        log.info("thing.done")
        start_logging(settings(), process="another")
        log.info("thing.done")
        """
    )
    assert (first["process"], second["process"]) == ("test", "another")


@pytest.mark.parametrize(
    "refused",
    [
        "rows(\"INSERT INTO message (campaign_id, n, phone) VALUES (1, 1, '+306912345678')\")",
        "[copy.write_row((1, 1, '+306912345678')) for copy in (stack.enter_context("
        "db.connection().cursor().copy('COPY message (campaign_id, n, phone) FROM STDIN')),)]",
    ],
)
def test_a_row_that_postgresql_refuses_is_not_quoted(logged, refused):
    first, second = logged(
        f"""
        from contextlib import ExitStack
        db.connect()
        rows("INSERT INTO message (campaign_id, n, phone, body) VALUES (1, 0, '+306912345678', 'a secret text')")
        try:
            with ExitStack() as stack:
                {refused}
        except Exception as problem:
            assert "306912345678" in str(problem)
            structlog.get_logger().exception("thing.failed")
            logging.getLogger("rq.worker").exception("job failed\\n%s", problem)
        """
    )
    assert "UniqueViolation" in first["exception"]
    assert "UniqueViolation" in second["exception"]
    assert "306912345678" not in json.dumps([first, second])


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ('invalid input syntax for type bigint: "+306912345678"', "invalid input syntax for type bigint: …"),
        ('value "306912345678" is out of range for type integer', "value …"),
        (
            'duplicate key value violates unique constraint "message_pkey"',
            'duplicate key value violates unique constraint "message_pkey"',
        ),
    ],
)
def test_a_value_that_postgresql_cannot_read_is_not_quoted(message, left):
    stack = f'  File "x.py", line 1, in x\npsycopg.errors.DataError: {message}\nLINE 1: SELECT 306912345678'
    assert without_rows(stack) == f'  File "x.py", line 1, in x\npsycopg.errors.DataError: {left}'
