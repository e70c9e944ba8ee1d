"""What is wrong with a request is said in words of JSON, and names a field of the request, whatever was sent."""

import re
from collections.abc import Iterable, Iterator
from inspect import signature
from typing import Any

import pytest
from flask import Flask
from pydantic import BaseModel, ValidationError

from api.app import ROUTES
from api.http.bad_input import refuse_input
from dispatch.errors import DispatchError
from dispatch.providers.simulator.dialects import SECRET

# Pydantic's words, or Python's.
NOT_OURS = re.compile(
    r"[Ii]nput should|[Ss]hould (be|have|match)|valid (dict|string|integer|number|list|boolean|URL)|after validation|"
    r"instance of|[Uu]nable to|[Vv]alue error|[Ff]ield required|Extra inputs|[Uu]nion|NoneType|object to extract"
)
WRONG = [None, True, 7, 1.5, -1, 10**30, float("nan"), "", "x", "\0", "x" * 3000, [], [1], ["x"] * 60, {}, {"x": 1}]
DEEPEST = 4


def wrong_values(schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> Iterator[Any]:
    """Yields what does not fit the schema in one place, and other things."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    yield from WRONG
    if depth == DEEPEST:
        return
    for each in schema.get("anyOf", []) + schema.get("oneOf", []) + schema.get("allOf", []):
        yield from wrong_values(each, definitions, depth + 1)
    for name, field in schema.get("properties", {}).items():
        yield from ({name: wrong} for wrong in wrong_values(field, definitions, depth + 1))
    if "items" in schema:
        yield from ([wrong] for wrong in wrong_values(schema["items"], definitions, depth + 1))
    if isinstance(more := schema.get("additionalProperties"), dict):
        yield from ({"url": wrong} for wrong in wrong_values(more, definitions, depth + 1))


def given(app: Flask, what: str) -> dict[str, type[BaseModel]]:
    """Returns the model of each `body` or `query` of the API, by its endpoint."""
    found = {}
    for routes in ROUTES:
        for endpoint in routes.rules:
            view = app.view_functions[endpoint]
            while hasattr(view, "__wrapped__"):
                view = view.__wrapped__
            if parameter := signature(view).parameters.get(what):
                found[endpoint] = parameter.annotation
    return found


def is_place_in(path: str, sent: Any) -> bool:
    """Returns whether a field is in what was sent, or would be in a part of it."""
    if not path:
        return True
    if isinstance(sent, list):
        first, _, rest = path.partition(".")
        return first.isdigit() and int(first) < len(sent) and is_place_in(rest, sent[int(first)])
    if not isinstance(sent, dict):
        return False
    known = [name for name in sent if path == name or path.startswith(f"{name}.")]
    return any(is_place_in(path[len(name) + 1 :], sent[name]) for name in known) or "." not in path


def wrong_bodies(model: type[BaseModel]) -> Iterator[Any]:
    schema = model.model_json_schema()
    return wrong_values(schema, schema.get("$defs", {}))


def wrong_queries(model: type[BaseModel]) -> Iterator[Any]:
    texts = [each for each in WRONG if isinstance(each, str)]
    return ({name: text} for name in [*model.model_fields, "unknown"] for text in [*texts, "-1", "1.5", "9" * 50])


def refusals(model: type[BaseModel], wrong: Iterable[Any]) -> Iterator[tuple[Any, DispatchError]]:
    """Yields those of what is sent that the model refuses, each with its refusal."""
    for sent in wrong:
        try:
            try:
                model.model_validate(sent)
            except ValidationError as problem:
                refuse_input(problem)
        except DispatchError as refusal:
            yield sent, refusal


@pytest.mark.parametrize(("what", "wrong", "least"), [("body", wrong_bodies, 1000), ("query", wrong_queries, 100)])
def test_what_is_wrong_is_said_in_our_words_and_of_fields_that_are_there(app, what, wrong, least):
    seen, odd = 0, set()
    for endpoint, model in given(app, what).items():
        for sent, refusal in refusals(model, wrong(model)):
            seen += 1
            problems = refusal.details.get("problems", ())
            fields = {refusal.details.get("field", ""), *(each["field"] for each in problems)}
            if isinstance(sent, dict) and not all(is_place_in(field, sent) for field in fields):
                odd.add((endpoint, *fields))
            if NOT_OURS.search(refusal.message):
                odd.add((endpoint, refusal.message))
    assert seen > least
    assert odd == set()


def test_a_setting_of_a_wrong_kind_is_named_once(call):
    for value in (None, {"x": 1}, [1], True):
        answer = call("POST", "/api/providers", json={"name": "n", "kind": "webhook", "settings": {"url": value}})
        error = answer.json["error"]
        assert (error["message"], error["details"]["field"]) == (
            "settings.url: must be a text or a number.",
            "settings.url",
        )
        assert len(error["details"]["problems"]) == 1


@pytest.mark.parametrize(
    ("settings", "field", "says"),
    [
        ({"url": "here", "secret": SECRET}, "settings.url", "url: must be an address like https://"),
        ({"url": "http://127.0.0.1/", "secret": SECRET}, "settings.url", "url is a private address"),
        ({"url": "https://a.example/", "secret": SECRET, "rate": 0}, "settings.rate", "rate: must be more than 0"),
        ({"url": "https://a.example/", "secret": SECRET, "rate": "x"}, "settings.rate", "rate: must be a number"),
        ({"url": "https://a.example/", "secret": SECRET, "x": 1}, "settings.x", "no setting 'x'"),
        ({"url": "https://a.example/"}, "settings.secret", "webhook needs secret"),
    ],
)
def test_a_setting_that_the_kind_cannot_use_is_named(call, settings, field, says):
    answer = call("POST", "/api/providers", json={"name": "n", "kind": "webhook", "settings": settings})
    error = answer.json["error"]
    assert (answer.status_code, error["code"], error["details"]["field"]) == (400, "INVALID_REQUEST", field)
    assert says in error["message"]
