"""Words for STOP, START and HELP, and their answers, over HTTP."""

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


def test_answers_are_set_shown_and_set_back(call):
    usual = call("GET", "/api/account/replies").json["help_answer"]
    assert usual.endswith("Reply STOP to get no more, START to get them again.")
    changed = call("PATCH", "/api/account/replies", json={"help_answer": "Acme, 210\n1234567", "stop_answer": " Bye. "})
    assert changed.status_code == 200
    shown = {keyword: changed.json[f"{keyword}_answer"] for keyword in ("help", "stop", "start")}
    assert shown == {"help": "Acme, 210\n1234567", "stop": "Bye.", "start": ""}
    back = call("PATCH", "/api/account/replies", json={"help_answer": None, "stop_answer": ""}).json
    assert (back["help_answer"], back["stop_answer"]) == (usual, "")
    assert call("PATCH", "/api/account/replies", json={"help_answer": ""}).json["help_answer"] == ""


@pytest.mark.parametrize("answer", ["x" * 481, 7, ["Hi"], "a\u0000b", "a\u009bb"])
def test_what_cannot_be_an_answer_is_refused(call, answer):
    refused = call("PATCH", "/api/account/replies", json={"help_answer": answer})
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST")
