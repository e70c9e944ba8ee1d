"""Every answer tells browsers and caches what they may not do with it."""

import pytest

from tests.factories import a_key
from tests.routes import every_route


@pytest.fixture
def client(app, db, redis):
    return app.test_client()


@pytest.mark.parametrize("with_key", [True, False])
def test_every_answer_of_every_route_has_the_headers_that_protect(app, client, with_key):
    key = f"Bearer {a_key(None)}" if with_key else ""
    for method, path, _ in [*every_route(app), ("GET", "/nothing/here", ""), ("DELETE", "/health", "")]:
        answer = client.open(path, method=method, headers={"Authorization": key})
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe-inline" not in headers["Content-Security-Policy"].split("style-src")[0], path
        kept = () if answer.mimetype in ("application/json", "text/html") else ("no-cache",)
        assert headers["Cache-Control"] in ("no-store", *kept), path
        answer.close()


def test_a_file_of_the_pages_may_be_kept_by_browsers(client):
    assert client.get("/docs/files/css/swagger-ui.css").headers["Cache-Control"] == "no-cache"


def test_the_page_of_the_documentation_may_run_its_own_scripts_only(client):
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
