"""What docs/moving.md says that things are called here is what they are called."""

import re
import shlex
from pathlib import Path

import pytest

from api.app import web_app
from api.http.errors import STATUS
from config.settings import Settings, settings
from dispatch.queues import JOBS
from models.schedules.schedule import Schedule
from models.states import CAMPAIGN_STATES, MESSAGE_STATES
from tests.routes import every_route
from tests.verbs import VERBS, parse

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/moving.md").read_text()
ROWS = re.findall(r"^\| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
HERE = [here for there, here in ROWS if there != "there" and not there.startswith("--")]
# The left-hand side of a row that says "the same" is what it is called here too.
THE_SAME = [there for there, here in ROWS if here.startswith("the same")]
WORDS = [word for cell in [*HERE, *THE_SAME] for word in re.findall(r"`([^`]+)`", cell)]


def test_each_address_is_answered(servers):
    answered = {(method, path) for method, path, _ in every_route(web_app(settings()))}
    named = [re.sub(r"\{id\}|:id", "0", word.split("?")[0]) for word in WORDS if re.match(r"(GET|POST|PATCH) /", word)]
    assert len(named) > 12
    assert [each for each in named if tuple(each.split()) not in answered] == []


def test_each_code_has_the_status_that_is_said():
    said = re.findall(r"`([A-Z_]+)` (\d{3})", " ".join(HERE))
    assert {code: STATUS.get(code) for code, _ in said} == {code: int(status) for code, status in said}
    assert len(said) >= 6


def test_each_setting_exists():
    capitals = {word.split("=")[0] for word in WORDS if re.fullmatch(r"[A-Z][A-Z_]+(=\d+)?", word)}
    assert {word.lower() for word in capitals - set(STATUS)} <= set(Settings.model_fields)
    assert len(capitals) > 20


@pytest.mark.parametrize("words", sorted({word for word in WORDS if word.startswith("python -m cli ")}))
def test_each_verb_can_be_typed(words):
    typed = shlex.split(words)[3:]
    if " ".join(typed) not in VERBS:  # the name of a verb alone needs no arguments on a page
        parse(typed)


def test_each_make_verb_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word.split()[1] for cell in HERE for word in re.findall(r"`([^`]+)`", cell) if word.startswith("make ")}
    assert {"demo-retries", "up", "test"} == named <= targets


def test_the_states_queues_and_fields_exist():
    campaign, message = (here for there, here in ROWS if there.startswith(("campaign `draft`", "message `pending`")))
    left = [there for there, _ in ROWS if there.startswith(("campaign `draft`", "message `pending`"))]
    for states, there, here in ((CAMPAIGN_STATES, left[0], campaign), (MESSAGE_STATES, left[1], message)):
        assert set(re.findall(r"`(\w+)`", there + here)) - {"state", "status"} == set(states)
    [fields] = [here for there, here in ROWS if there.startswith("`tenantId`")]
    assert set(re.findall(r"`(\w+)`", fields)) <= set(Schedule.__dataclass_fields__)
    assert (JOBS["jobs.process.process_campaign"], JOBS["jobs.send.send_batch"]) == ("prepare", "send")
