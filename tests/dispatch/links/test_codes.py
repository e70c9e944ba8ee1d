"""The codes of short links name a message and a link, and no one can make one without the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.links.codes import ALPHABET, LENGTH, MOST_LINKS, Cipher, Place
from dispatch.providers.gsm7 import GSM_BASIC

KEY, OTHER = b"k" * 32, b"o" * 32
PLACES = st.builds(Place, st.integers(0, 2**53 - 1), st.integers(0, 2**31 - 1), st.integers(0, MOST_LINKS))


@given(PLACES)
def test_a_code_names_its_link_and_always_has_the_same_length(place):
    code = Cipher(KEY).code(place)
    assert Cipher(KEY).place(code) == place
    assert len(code) == LENGTH <= 16


@given(PLACES, PLACES)
def test_two_links_never_have_the_same_code(one, other):
    assert (Cipher(KEY).code(one) == Cipher(KEY).code(other)) == (one == other)


@given(PLACES)
def test_a_code_of_another_key_names_something_else(place):
    assert Cipher(OTHER).place(Cipher(KEY).code(place)) != place


@given(PLACES, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_whoever_changes_a_character_does_not_reach_a_neighbour(place, at, character):
    code = Cipher(KEY).code(place)
    changed = code[:at] + character + code[at + 1 :]
    found = Cipher(KEY).place(changed)
    assert changed == code or found is None or found.campaign_id != place.campaign_id


def test_codes_of_neighbours_have_nothing_in_common():
    codes = [Cipher(KEY).code(Place(12, n, 0)) for n in range(500)]
    for at in range(LENGTH):
        # The first digit is below 58 * 2^92 / 58^16, about 17; every other one may be any.
        assert len({code[at] for code in codes}) > (10 if at == 0 else 45)


def test_a_code_takes_one_septet_a_character_and_has_no_characters_that_look_the_same():
    assert set(ALPHABET) <= set(GSM_BASIC)
    assert not set("0OIl") & set(ALPHABET)


@pytest.mark.parametrize(
    "text",
    ["", "1", "1" * 15, "1" * 17, "0" * 16, "O" * 16, "z" * 16, "1" * 15 + "\n", "1" * 15 + "é", "１" * 16, "../" * 5],
)
def test_what_no_key_makes_is_no_code(text):
    assert Cipher(KEY).place(text) is None


@pytest.mark.parametrize("place", [(-1, 0, 0), (2**53, 0, 0), (1, -1, 0), (1, 2**31, 0), (1, 0, 256), (1, 0, -1)])
def test_a_message_that_cannot_be_has_no_code(place):
    with pytest.raises(ValueError, match="no code can name"):
        Cipher(KEY).code(Place(*place))
