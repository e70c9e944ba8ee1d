"""Segments, against the tables of TS 23.038 and a slow count that packs character by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.providers.gsm7 import GSM_BASIC, GSM_EXTENSION
from dispatch.texts.sms import Measure, measure, measure_for

# The tables of TS 23.038 in the order of their septets, as code points.
_TABLE = """
    0040 00A3 0024 00A5 00E8 00E9 00F9 00EC 00F2 00C7 000A 00D8 00F8 000D 00C5 00E5
    0394 005F 03A6 0393 039B 03A9 03A0 03A8 03A3 0398 039E 00C6 00E6 00DF 00C9
    0020 0021 0022 0023 00A4 0025 0026 0027 0028 0029 002A 002B 002C 002D 002E 002F
    0030 0031 0032 0033 0034 0035 0036 0037 0038 0039 003A 003B 003C 003D 003E 003F
    00A1 0041 0042 0043 0044 0045 0046 0047 0048 0049 004A 004B 004C 004D 004E 004F
    0050 0051 0052 0053 0054 0055 0056 0057 0058 0059 005A 00C4 00D6 00D1 00DC 00A7
    00BF 0061 0062 0063 0064 0065 0066 0067 0068 0069 006A 006B 006C 006D 006E 006F
    0070 0071 0072 0073 0074 0075 0076 0077 0078 0079 007A 00E4 00F6 00F1 00FC 00E0
"""
BASIC = [chr(int(point, 16)) for point in _TABLE.split()]
EXTENSION = [chr(point) for point in (0x0C, 0x5E, 0x7B, 0x7D, 0x5C, 0x5B, 0x7E, 0x5D, 0x7C, 0x20AC)]


def packed(widths, single, part):
    """Counts segments by packing whole characters, one after the other."""
    if sum(widths) <= single:
        return 1
    segments = [0]
    for width in widths:
        if segments[-1] + width > part:
            segments.append(0)
        segments[-1] += width
    return len(segments)


def expected(body):
    if all(character in BASIC or character in EXTENSION for character in body):
        return "gsm7", packed([2 if character in EXTENSION else 1 for character in body], 160, 153)
    return "ucs2", packed([len(character.encode("utf-16-be")) // 2 for character in body], 70, 67)


def test_the_alphabet_is_that_of_the_standard():
    assert list(GSM_BASIC) == BASIC
    assert list(GSM_EXTENSION) == EXTENSION
    assert len(BASIC) == 127


@pytest.mark.parametrize(
    ("body", "encoding", "segments"),
    [
        ("", "gsm7", 1),
        ("x" * 160, "gsm7", 1),
        ("x" * 161, "gsm7", 2),
        ("x" * 306, "gsm7", 2),
        ("x" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("x" * 152 + "€" + "x" * 151, "gsm7", 2),
        ("x" * 152 + "€" + "x" * 152, "gsm7", 3),
        ("é" * 160, "gsm7", 1),
        ("ΑΒΓ" + "x" * 67, "ucs2", 1),
        ("γ" * 70, "ucs2", 1),
        ("γ" * 71, "ucs2", 2),
        ("γ" * 134, "ucs2", 2),
        ("γ" * 135, "ucs2", 3),
        ("🌸" * 35, "ucs2", 1),
        ("🌸" * 36, "ucs2", 2),
        ("🌸" * 66, "ucs2", 2),
        ("🌸" * 67, "ucs2", 3),
        ("`", "ucs2", 1),
    ],
)
def test_known_texts_are_measured_as_expected(body, encoding, segments):
    assert measure(body)[:2] == (encoding, segments)


def test_the_first_character_outside_the_alphabet_is_returned():
    assert measure("Καλημέρα").first_ucs2 == "Κ"
    assert measure("ΓΔ and then Ж").first_ucs2 == "Ж"
    assert measure("Hello").first_ucs2 is None


def test_whatsapp_costs_one_whatever_its_length():
    assert measure_for("whatsapp", "🌸" * 1000) == Measure("text", 1)
    assert measure_for("sms", "🌸" * 1000) == measure("🌸" * 1000)


MOSTLY_GSM = st.text(st.sampled_from(BASIC + EXTENSION * 3), max_size=700)
NEAR_A_BORDER = st.tuples(st.integers(140, 165), MOSTLY_GSM).map(lambda drawn: "x" * drawn[0] + drawn[1])
MIXED = st.text(st.sampled_from([*"aé€Γγ🌸👩‍👧[", *"\n`ç"]), max_size=300)


@given(MOSTLY_GSM | NEAR_A_BORDER | MIXED | st.text(max_size=300))
def test_segments_agree_with_packing_one_character_at_a_time(body):
    assert measure(body)[:2] == expected(body)
