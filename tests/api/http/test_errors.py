"""An unexpected error is a 500 that tells the caller little and the log everything but people's data."""

import pytest
from structlog.testing import capture_logs

from api.app import web_app
from config.settings import settings
from models.database import rows
from tests.factories import a_key, an_account


@pytest.fixture
def call(db):
    """Calls an application whose only route does what the test says."""
    app = web_app(settings())

    def calling(view):
        app.add_url_rule("/boom", view_func=view)
        return app.test_client().get("/boom", headers={"Authorization": f"Bearer {a_key(an_account())}"})

    return calling


def test_an_unexpected_error_is_logged_with_its_traceback_and_answered_without(call):
    def boom():
        raise KeyError("secret detail")

    with capture_logs() as lines:
        answer = call(boom)
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "INTERNAL")
    assert "secret" not in answer.get_data(as_text=True)
    (line,) = [line for line in lines if line["event"] == "request.failed"]
    assert "test_errors.py" in line["exception"]
    assert "KeyError" in line["exception"]


def test_a_row_that_postgresql_quotes_is_not_logged(call):
    phone = "+306912345678"

    def boom():
        rows("INSERT INTO customer (account_id, phone) VALUES (gen_random_uuid(), %s)", [phone])

    with capture_logs() as lines:
        answer = call(boom)
    assert answer.status_code == 500
    assert "ForeignKeyViolation" in str(lines)
    assert phone[1:] not in str(lines) + answer.get_data(as_text=True)


def test_a_connection_that_breaks_is_503_and_the_next_request_works(call, client):
    def boom():
        rows("SELECT pg_terminate_backend(pg_backend_pid())")

    answer = call(boom)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "5"
