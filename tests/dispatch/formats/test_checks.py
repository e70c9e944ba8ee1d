"""Names and texts that a terminal would obey, or show as something else, are refused."""

import pytest

from dispatch.errors import InvalidRequest
from dispatch.formats import strict_json
from dispatch.formats.checks import checked_name, checked_text


@pytest.mark.parametrize(
    "character", ["\0", "\x1b", "\x7f", "\x80", "\x85", "\x9b", "\x9f", "\u202d", "\u202e", "\ud800"]
)
def test_a_control_or_override_character_is_refused_by_its_code(character):
    for check in (lambda text: checked_name(text), lambda text: checked_text(text, field="first_name", most=99)):
        with pytest.raises(InvalidRequest, match=f"U\\+{ord(character):04X}"):
            check(f"Ann{character}31mBob")


@pytest.mark.parametrize("name", ["Ἀθηνᾶ", "مريم", "नेहा\u200d", "O\u2019Neil", "Anna\u00a0Maria"])
def test_names_of_any_script_are_taken(name):
    assert checked_name(name)
    assert checked_text(name, field="first_name", most=99)


@pytest.mark.parametrize(
    "text", ['{"phone": "1", "phone": "2"}', '{"a": {"b": 1, "b": 1}}', '[{"a": 1}, {"a": 1, "c": 2, "a": 3}]']
)
def test_json_with_a_key_twice_is_refused_by_name(text):
    with pytest.raises(ValueError, match=r"the key '(phone|b|a)' comes twice"):
        strict_json.loads(text)
    assert strict_json.loads('{"a": {"b": 1}, "b": [{"b": 1}, {"b": 2}]}')
