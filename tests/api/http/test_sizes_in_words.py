"""A limit of bodies is said in a unit that fits it."""

import pytest

from api.http.rules import MAX_BODY_BYTES, size_in_words
from api.links.routes import MOST_BYTES


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (MAX_BODY_BYTES, "1 MiB"),
        (64 * 2**20, "64 MiB"),
        (MOST_BYTES, "4 KiB"),
        (1536, "1536 bytes"),
        (100, "100 bytes"),
        (0, "0 bytes"),
    ],
)
def test_a_size_has_the_largest_unit_of_which_it_is_a_whole_number(size, words):
    assert size_in_words(size) == words
