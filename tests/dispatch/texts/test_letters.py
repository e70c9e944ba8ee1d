"""Capital letters of names, in the languages that people have."""

import unicodedata

import pytest

from dispatch.texts.letters import title, upper
from dispatch.texts.template import compile_template


@pytest.mark.parametrize(
    ("name", "titled"),
    [
        ("o'neil", "O'Neil"),
        ("O'NEIL", "O'Neil"),
        ("o’brien", "O’Brien"),
        ("d'angelo", "D'Angelo"),
        ("d'or", "D'Or"),
        ("dell'acqua", "Dell'Acqua"),
        ("john's", "John's"),
        ("JOHN'S", "John's"),
        ("we're", "We're"),
        ("I'M", "I'm"),
        ("MÜLLER-BROWN", "Müller-Brown"),
        ("jean‐luc", "Jean‐Luc"),
        ("j.r. smith", "J.R. Smith"),
        ("McDonald", "McDonald"),
        ("DeVito", "DeVito"),
        ("jOHN", "John"),
        ("«anna»", "«Anna»"),
        ("1st floor", "1st Floor"),
        ("γιώργος παπαδόπουλος", "Γιώργος Παπαδόπουλος"),
        ("ΓΙΩΡΓΟΣ", "Γιωργος"),
        ("άννα", "Άννα"),
        ("ǆuro", "ǅuro"),
        ("o'", "O'"),
        ("", ""),
    ],
)
def test_a_name_begins_with_a_capital_wherever_people_write_one(name, titled):
    assert title(name) == titled
    assert compile_template("{first_name|title}").render({"first_name": name}) == titled


@pytest.mark.parametrize(
    ("word", "capitals"),
    [
        ("Μαρία", "ΜΑΡΙΑ"),
        ("ΜΑΡΊΑ", "ΜΑΡΙΑ"),
        ("Γιώργος", "ΓΙΩΡΓΟΣ"),
        ("Μάιος", "ΜΑΪΟΣ"),
        ("ΜΆΙΟΣ", "ΜΑΪΟΣ"),
        ("Μαΐου", "ΜΑΪΟΥ"),
        ("νεράιδα", "ΝΕΡΑΪΔΑ"),
        ("άυλος", "ΑΫΛΟΣ"),
        ("αϊτός", "ΑΪΤΟΣ"),
        ("ευχαριστώ", "ΕΥΧΑΡΙΣΤΩ"),
        ("πρωί", "ΠΡΩΙ"),
        ("Άννα ή Ελένη", "ΑΝΝΑ Ή ΕΛΕΝΗ"),
        ("ήταν", "ΗΤΑΝ"),
        ("ἄνθρωπος", "ΑΝΘΡΩΠΟΣ"),
        ("café Ω", "CAFÉ Ω"),
        ("café", "CAFÉ"),
        ("o'neil straße", "O'NEIL STRASSE"),
    ],
)
def test_capitals_have_the_accents_that_the_language_gives_them(word, capitals):
    for written in (word, unicodedata.normalize("NFD", word)):
        assert unicodedata.normalize("NFC", upper(written)) == capitals
    assert compile_template("{first_name|upper}").render({"first_name": word}) == capitals
