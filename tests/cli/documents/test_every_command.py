"""No command is in the documents that no test types: a new one is run with its page, or is a declared exception."""

import re
import shlex

import click
import pytest

from tests.cli.documents.blocks import PAGES, ROOT, commands, fences, steps
from tests.cli.documents.exceptions import NOT_RUN, RUN_ELSEWHERE, is_exception
from tests.cli.documents.pages import FIRST_PAGES, OTHER_PAGES
from tests.verbs import VERBS, parse

TYPED = re.compile(r"^(?:\$ |# )?(?:\w+=\S+ )*(?:python -m |make \w|curl |docker |pip |\./|sudo )", re.MULTILINE)
SHELL = ("bash", "console", "crontab")
RUN = {*FIRST_PAGES, *OTHER_PAGES, *RUN_ELSEWHERE}
VERB = re.compile(r"`(python -m cli [^`]+)`")
IN_PROSE = sorted({(page, words) for page in PAGES for words in VERB.findall((ROOT / page).read_text())})


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is_and_none_hides_a_command(page):
    for language, body, _ in fences(page):
        assert language, f"a block without a language: {body}"
        assert language in SHELL or not TYPED.search(body), f"a command that no test types: {body}"


@pytest.mark.parametrize("page", [page for page in PAGES if page not in RUN])
def test_a_page_that_no_test_types_has_declared_exceptions_only(page):
    found = [command for step in steps(page) for command in commands(step.script)]
    assert [command for command in found if not is_exception(command)] == []


def test_each_exception_is_still_needed_and_each_page_still_there():
    found = [command for page in PAGES for step in steps(page) for command in commands(step.script)]
    assert [start for start in NOT_RUN if not any(command.startswith(start) for command in found)] == []
    assert set(PAGES) >= RUN
    assert [page for page in RUN if not steps(page)] == []


@pytest.mark.parametrize(("page", "words"), IN_PROSE)
def test_a_verb_named_in_a_sentence_can_be_typed(page, words):
    [words, *_] = re.sub(r"\b(ID|CAMPAIGN|N)\b", "1", words).replace("VERB", "audit").split(" && ")
    typed = shlex.split(words.replace("…", "x"))[3:]
    if any(f"{verb} ".startswith(" ".join(typed) + " ") for verb in VERBS):
        return  # its name alone
    try:
        parse(typed)
    except click.exceptions.Exit:
        pass  # --help and --version end there
