"""A body is taken whole or refused, however it is sent: a limit never cuts."""

import json
import re
import socket

import pytest

from api.http.auth import RULES
from api.http.rules import MAX_BODY_BYTES, RouteRules
from models.database import rows
from tests.factories import a_key
from tests.routes import every_route
from tests.web import chunked, head, read_answer

CHUNKED = {"Transfer-Encoding": "chunked"}
JSON, CSV = {"Content-Type": "application/json"}, {"Content-Type": "text/csv"}


@pytest.fixture
def operator(db):
    return a_key(None)


def stored() -> dict[str, int]:
    """Returns how many rows each table has."""
    names = rows("SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
    return {each["name"]: rows(f"SELECT count(*) AS n FROM {each['name']}")[0]["n"] for each in names}


@pytest.mark.parametrize("framing", ["chunked", "with a length"])
def test_a_body_above_the_limit_is_413_on_every_route_and_nothing_of_it_is_kept(app, web, db, operator, framing):
    before = stored()
    rules = app.extensions[RULES]
    for method, path, endpoint in every_route(app):
        most = rules.get(endpoint, RouteRules("read")).most_bytes
        if most > MAX_BODY_BYTES:
            continue  # an upload, which has a test of its own
        body = b'{"name": "' + b"x" * most + b'"}'
        if framing == "chunked":
            raw = head(method, path, key=operator, headers=CHUNKED | JSON) + chunked(body)
        else:
            raw = head(method, path, key=operator, headers={"Content-Length": len(body)} | JSON) + body
        answer = web.exchange(raw)
        assert answer.status == 413, f"{method} {path}"
        # In JSON or on a page, where signing in has the words and all others the code.
        assert re.search(b"The body is larger than|PAYLOAD_TOO_LARGE", answer.body), f"{method} {path}"
    assert stored() == before


def test_a_chunked_list_of_opt_outs_above_the_limit_is_refused_and_suppresses_nobody(web, db, key):
    body = json.dumps({"phones": [f"+3069{81_000_000 + n}" for n in range(100_000)]}).encode()
    answer = web.exchange(head("POST", "/api/suppressions/import", key=key, headers=CHUNKED | JSON) + chunked(body))
    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
    assert stored()["suppression"] == 0


def test_a_chunked_file_of_opt_outs_is_imported_to_its_last_byte(web, db, key):
    file = b"phone\n" + b"".join(b"+3069%08d\n" % (81_000_000 + n) for n in range(100_000))
    answer = web.exchange(head("POST", "/api/suppressions/import", key=key, headers=CHUNKED | CSV) + chunked(file))
    assert answer.status == 202
    assert rows("SELECT sum(length(content)) AS n FROM customer_import_part")[0]["n"] == len(file)


@pytest.mark.parametrize(("more", "status"), [(0, 201), (1, 413)])
def test_a_chunked_body_of_exactly_the_limit_is_read_to_its_end(web, db, key, more, status):
    beginning, end = b'{"name": ', b'"n"}'
    body = beginning + b" " * (MAX_BODY_BYTES + more - len(beginning) - len(end)) + end
    answer = web.exchange(head("POST", "/api/campaigns", key=key, headers=CHUNKED | JSON) + chunked(body))
    assert answer.status == status


def test_an_upload_above_its_own_limit_is_413_and_no_import_is_made(app, web, db, key):
    most = app.extensions[RULES]["imports.create"].most_bytes
    for raw in (
        head("POST", "/api/imports?list=l", key=key, headers=CHUNKED | CSV) + chunked(b"phone\n" * (most // 6 + 1)),
        head("POST", "/api/imports?list=l", key=key, headers={"Content-Length": most + 1} | CSV),
    ):
        answer = web.exchange(raw)
        assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")
        assert "64 MiB" in answer.json["error"]["message"]
    assert stored()["customer_import"] == 0


@pytest.mark.parametrize(
    "chunks",
    [
        b"zz\r\nphone\r\n0\r\n\r\n",
        b"-5\r\nphone\r\n0\r\n\r\n",
        b"0x5\r\nphone\r\n0\r\n\r\n",
        b" 5\r\nphone\r\n0\r\n\r\n",
        b"\r\nphone\r\n0\r\n\r\n",
        b"5\r\nphone+++0\r\n\r\n",
        b"3\r\nphone\r\n0\r\n\r\n",
        b"5;" + b"\x01" + b"\r\nphone\r\n0\r\n\r\n",
        b"5" * 10_000,
        b"6\r\nphone\n\r\n0\r\nbad trailer\r\n\r\n",
    ],
)
@pytest.mark.parametrize("path", ["/api/suppressions/import", "/api/imports?list=l", "/api/campaigns/run-automation"])
def test_a_malformed_chunk_is_400_and_nothing_is_kept(web, db, key, path, chunks):
    answer = web.exchange(head("POST", path, key=key, headers=CHUNKED | CSV) + chunks)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert (stored()["suppression"], stored()["customer_import"]) == (0, 0)
    assert "Traceback" not in web.process.log


FILE = b"phone\n+306981000001\n"


@pytest.mark.parametrize("path", ["/api/suppressions/import", "/api/imports?list=l"])
@pytest.mark.parametrize(
    ("framing", "sent"),
    [
        ({"Content-Length": 1000}, FILE),
        (CHUNKED, b"ff\r\n" + FILE),
        (CHUNKED, chunked(FILE).removesuffix(b"0\r\n\r\n")),
        (CHUNKED, chunked(FILE).removesuffix(b"\r\n")),
    ],
    ids=["with a length", "in mid-chunk", "between chunks", "before the very end"],
)
def test_a_body_whose_client_leaves_in_the_middle_is_no_shorter_body(web, db, key, path, framing, sent):
    with web.connect() as line:
        line.sendall(head("POST", path, key=key, headers=framing | CSV) + sent)
        line.shutdown(socket.SHUT_WR)
        assert read_answer(line).status == 400
    assert (stored()["suppression"], stored()["customer_import"]) == (0, 0)
