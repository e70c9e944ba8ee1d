"""What people write into a phone field: one number and what belongs to it, or something that is refused."""

import pytest

from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import normalise, readings_of

# Invisible marks, and spaces and dashes as word processors and messengers write them.
IGNORED = [
    *range(0x2000, 0x2016),
    0x202A,
    0x202E,
    0x202F,
    0x205F,
    0x2060,
    0x061C,
    0x00A0,
    0x00AD,
    0xFEFF,
    0x2212,
    0x3000,
]


@pytest.mark.parametrize("code", IGNORED, ids=hex)
def test_invisible_and_typographic_characters_in_a_number_are_ignored(code):
    assert normalise(f"+30{chr(code)}691{chr(code)}2345671{chr(code)}") == "+306912345671"
    assert normalise(f"{chr(code)}+30691{chr(code)}2345671") == "+306912345671"


@pytest.mark.parametrize(
    "raw",
    [
        "6912340001;6912340002",
        "2101234567; 6912345679",
        "6912340001,6912340002",
        "6912340001|6912340002",
        "6912340001\n6912340002",
        "6912340001 6912340002",
        "691 234 0001 / 691 234 0002",
        "2101234567/6912345679",
        "210 1234567/8",
        "+306912340001+306912340002",
        "6912340001 or 6912340002",
        "6912340001 (6912340002)",
        "6912340001 & 6912340002",
    ],
)
def test_two_numbers_in_one_cell_are_refused(raw):
    with pytest.raises(InvalidPhone, match="more than one number"):
        normalise(raw, "GR")


@pytest.mark.parametrize(
    "tail",
    ["#12", ",12", "~123", "x12", ";12", " ext 12", " ext. 12", ";ext=12", "*12", " εσωτ. 12", "\uff0312", " #12"],
)
@pytest.mark.parametrize("number", ["2101234567", "+30 210 123 4567", "6912345678"])
def test_an_extension_is_refused_and_never_cut_off(number, tail):
    with pytest.raises(InvalidPhone, match="an extension"):
        normalise(number + tail, "GR")


@pytest.mark.parametrize("tail", [".0", ",0", ".00", ",00", ".000"])
@pytest.mark.parametrize(
    ("number", "country", "phone"),
    [
        ("1721234567", "DE", "+491721234567"),
        ("664123456", "AT", "+43664123456"),
        ("3312345678", "IT", "+393312345678"),
        ("412345678", "FI", "+358412345678"),
        ("812345678", "ID", "+62812345678"),
        ("211234567", "NZ", "+64211234567"),
        ("6912345678", "GR", "+306912345678"),
        ("491721234567", "DE", "+491721234567"),
        ("+491721234567", None, "+491721234567"),
    ],
)
def test_the_decimals_of_a_spreadsheet_are_no_digits_of_the_number(number, country, phone, tail):
    assert normalise(number + tail, country) == phone


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("1,721,234,567.00", "DE", "+491721234567"),
        ("1.721.234.567,0", "DE", "+491721234567"),
        ("1.721.234.567", "DE", "+491721234567"),
        ("1,721,234,567", "DE", "+491721234567"),
        ("06.12.34.56.00", "FR", "+33612345600"),
        ("0171.3920000", "DE", "+491713920000"),
        ("202.555.0100", "US", "+12025550100"),
    ],
)
def test_dots_between_the_digits_are_no_decimals(raw, country, phone):
    assert normalise(raw, country) == phone


@pytest.mark.parametrize("raw", ["1721234567.5", "0172 1234.56", "172 1234.00"])
def test_other_decimals_are_refused(raw):
    with pytest.raises(InvalidPhone, match="decimals"):
        normalise(raw, "DE")


@pytest.mark.parametrize("raw", ["6912345678\u00b2", "*31#6912345678", "691@2345678"])
def test_a_character_that_is_in_no_number_is_refused(raw):
    with pytest.raises(InvalidPhone):
        normalise(raw, "GR")


@pytest.mark.parametrize(
    ("raw", "country", "readings"),
    [
        *[
            (f"{number}{tail}", "AT", ("+436641234567", f"+436641234567{digits}"))
            for number in ("0664 1234567", "06641234567", "+43 664 1234567", "0664/1234567", "0664.1234567")
            for tail, digits in ((" 8", "8"), ("-8", "8"), (" (12)", "12"), ("'8", "8"), ("\u201312", "12"))
        ],
        ("0664.1234567.0", "AT", ("+436641234567", "+4366412345670")),
        ("0664.123.4567.0", "AT", ("+436641234567", "+4366412345670")),
        ("0664 123 45 67/68", "AT", ("+436641234567", "+43664123456768")),
        ("0664 123 45 67 (12)", "AT", ("+436641234567", "+43664123456712")),
        ("0664 123 45 67-12", "AT", ("+436641234567", "+43664123456712")),
        ("040 123 4567-8", "FI", ("+358401234567", "+3584012345678")),
        ("0171-3920001-2", "DE", ("+491713920001", "+4917139200012")),
        ("1721234567. 0", "DE", ("+491721234567", "+4917212345670")),
        ("0812-3456-7890-1", "ID", ("+6281234567890", "+62812345678901")),
        ("021 123 4567 8", "NZ", ("+64211234567", "+642112345678")),
    ],
)
def test_a_group_that_may_be_an_extension_does_not_make_it_somebody_elses_number(raw, country, readings):
    with pytest.raises(InvalidPhone) as refused:
        normalise(raw, country)
    assert all(reading in refused.value.reason for reading in readings)
    assert set(readings_of(raw, country)) == set(readings)


@pytest.mark.parametrize(
    ("raw", "country", "phone"),
    [
        ("0664 123 45 67", "AT", "+436641234567"),
        ("0664/123 45 67", "AT", "+436641234567"),
        ("0664 123 45-67", "AT", "+436641234567"),
        ("(0664) 123-45-67", "AT", "+436641234567"),
        ("040-123 45 67", "FI", "+358401234567"),
        ("040 123 4567", "FI", "+358401234567"),
        ("+358 40 1234-567", "FI", "+358401234567"),
        ("070-123 45 67", "SE", "+46701234567"),
        ("0470/12.34.56", "BE", "+32470123456"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("+34612345 678", "ES", "+34612345678"),
        ("0812-3456-789", "ID", "+628123456789"),
        # A landline's extension, which is dialled as part of the number.
        ("089 1234567-12", "DE", "+4989123456712"),
    ],
)
def test_the_last_group_of_a_usual_number_belongs_to_it(raw, country, phone):
    assert normalise(raw, country) == phone
