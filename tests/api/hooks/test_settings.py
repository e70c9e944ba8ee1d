"""Words for STOP, START and HELP over HTTP."""

import pytest


def test_an_admin_sets_words_and_every_key_reads_them(call):
    changed = call("PATCH", "/api/account/replies", json={"stop_words": ["ΣΤΟΠ"], "help_words": ["ΒΟΗΘΕΙΑ"]})
    assert changed.status_code == 200
    assert (changed.json["stop_words"], changed.json["start_words"]) == (["ΣΤΟΠ"], [])
    assert changed.json["built_in"]["start"] == ["START", "UNSTOP"]
    assert call("GET", "/api/account/replies").json == changed.json
    assert call("PATCH", "/api/account/replies", json={}).json == changed.json


@pytest.mark.parametrize(
    "given", [{"stop_words": "ΣΤΟΠ"}, {"stop_words": None}, {"stop_words": [1]}, {"words": []}, {"stop_words": ["!"]},
              {"stop_words": ["help"]}, {"stop_words": ["a" * 51]}, {"stop_words": ["a"] * 201}, []]
)  # fmt: skip
def test_what_are_no_words_is_refused(call, given):
    answer = call("PATCH", "/api/account/replies", json=given)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert call("GET", "/api/account/replies").json["stop_words"] == []
