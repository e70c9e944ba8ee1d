"""Normal forms cost what the text is long, however many accents a stranger piles on a letter."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.formats.checks import composed
from dispatch.formats.composing import MOST_MARKS, normal
from dispatch.formats.consents import word_of
from dispatch.texts.letters import upper

# Two marks whose order is not the normal one: putting n of them in order takes n² steps.
PILED = "a" + "\u0315\u0300" * 500_000
ACCENTED = st.text(st.sampled_from("aeοιά \u0300\u0301\u0308\u0315\u0345ẛ\u1f82"), max_size=MOST_MARKS)


@given(st.one_of(ACCENTED, st.text()))
def test_texts_of_people_are_as_unicode_says(text):
    for form in ("NFC", "NFD", "NFKD"):
        assert normal(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("marks", [MOST_MARKS - 1, MOST_MARKS])
def test_as_many_marks_as_anyone_needs_are_put_in_order(marks):
    text = "a" + "\u0315" * (marks - 1) + "\u0300"
    assert normal("NFC", text) == "\u00e0" + "\u0315" * (marks - 1)


def test_more_stay_as_they_are_in_a_time_that_ends():
    assert normal("NFC", PILED) == PILED
    assert composed({"a": [PILED], PILED: 1}) == {"a": [PILED], PILED: 1}
    assert normal("NFC", f"e\u0301 {PILED} e\u0301") == f"e\u0301 {PILED} e\u0301"


def test_so_do_they_where_texts_are_read():
    assert word_of(PILED) == "a"
    assert upper(f"ά{PILED}").startswith("Ά")


def test_nothing_else_asks_unicode_for_a_normal_form():
    root = Path(dispatch.__file__).parents[1]
    files = [file for file in root.rglob("*.py") if not file.relative_to(root).parts[0].startswith(".venv")]
    asking = re.compile(r"unicodedata\.normalize|from unicodedata import .*\bnormalize")
    ours = [file.name for file in files if "tests" not in file.parts and asking.search(file.read_text())]
    assert ours == ["composing.py"]
