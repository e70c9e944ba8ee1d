"""The codes of short links: which message a link belongs to, and which of its links it is, in 16 characters.

A code is a message's (campaign, n) and the number of the link, enciphered with a key of the environment (LINK_KEY), so
no row is needed for it. Without the key, two codes of neighbours look like any others: each guess
is one of 2^92 values, of which only those of existing messages and links name anything. The cipher is a Feistel
network of six rounds (Luby and Rackoff, 1988; four make a strong pseudorandom permutation) whose round function is
keyed BLAKE2b (RFC 7693), a MAC that costs a third of an HMAC.
"""

import hashlib
import re
from typing import NamedTuple

#: The alphabet of Bitcoin's base 58: without 0, O, I and l, which people mistake for each other when they type a code.
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 16
#: The link of every message that ends messages; those of a campaign's text are counted from 1.
UNSUBSCRIBE = 0
#: A code has one byte for the number.
MOST_LINKS = 255

_HALF_BITS = 46
_N_BITS, _LINK_BITS = 31, 8
_BITS = 2 * _HALF_BITS
_HALF_BYTES = 6
_HALF_MASK = (1 << _HALF_BITS) - 1
_MOST_CAMPAIGN = (1 << (_BITS - _N_BITS - _LINK_BITS)) - 1
_ROUNDS = tuple(bytes([number]) for number in range(6))
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_DIGITS = {character: value for value, character in enumerate(ALPHABET)}
# Two digits at a time halve the divisions.
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]


class Place(NamedTuple):
    """What a code names: a link of a message. Whether they exist is not known yet."""

    campaign_id: int
    n: int
    link: int


class Cipher:
    """Makes and reads codes with one key."""

    def __init__(self, key: bytes) -> None:
        # The words keep the key's other uses apart, if a deployer uses one key for several.
        derived = hashlib.blake2b(b"codes of links", key=hashlib.sha256(key).digest(), digest_size=32).digest()
        self._keyed = hashlib.blake2b(key=derived, digest_size=8)

    def code(self, place: Place) -> str:
        """Returns the code of a link of a message; ValueError for numbers that no message has."""
        campaign_id, n, link = place
        if not (0 <= campaign_id <= _MOST_CAMPAIGN and 0 <= n < 1 << _N_BITS and 0 <= link <= MOST_LINKS):
            raise ValueError(f"no code can name {place}")
        value = (campaign_id << _LINK_BITS | link) << _N_BITS | n
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for number in _ROUNDS:
            left, right = right, left ^ self._mixed(number, right)
        return _written(left << _HALF_BITS | right)

    def place(self, code: str) -> Place | None:
        """Returns what the code names if this key made it; None for what no key makes."""
        value = _read(code)
        if value is None:
            return None
        left, right = value >> _HALF_BITS, value & _HALF_MASK
        for number in reversed(_ROUNDS):
            left, right = right ^ self._mixed(number, left), left
        value = left << _HALF_BITS | right
        above_n = value >> _N_BITS
        return Place(above_n >> _LINK_BITS, value & ((1 << _N_BITS) - 1), above_n & MOST_LINKS)

    def _mixed(self, number: bytes, half: int) -> int:
        mac = self._keyed.copy()
        mac.update(number + half.to_bytes(_HALF_BYTES, "big"))
        return int.from_bytes(mac.digest(), "big") & _HALF_MASK


def _written(value: int) -> str:
    pairs = []
    for _ in range(LENGTH // 2):
        value, pair = divmod(value, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs))


def _read(code: str) -> int | None:
    if not _CODE.fullmatch(code):
        return None
    value = 0
    for character in code:
        value = value * len(ALPHABET) + _DIGITS[character]
    return value if value < 1 << _BITS else None
