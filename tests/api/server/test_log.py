"""What web writes to its log, gunicorn's own lines included."""

import json

import pytest

from tests.web import running_web

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]


def test_every_line_from_start_to_end_is_json_and_names_the_process(tmp_path):
    with running_web(tmp_path, LOG_FORMAT="json") as web:
        [worker] = web.process.children()
        assert web.process.stop() == 0
        lines = [json.loads(line) for line in web.process.log.splitlines()]
    said = " ".join(line["event"] for line in lines)
    assert "Listening at" in said
    assert f"Booting worker with pid: {worker}" in said
    assert {line["process"] for line in lines} == {"web"}
    assert all(line["timestamp"] and line["level"] for line in lines)


def test_lines_below_the_level_that_is_kept_are_not_written(tmp_path):
    with running_web(tmp_path, LOG_LEVEL="ERROR") as web:
        assert "Booting worker" not in web.process.log
