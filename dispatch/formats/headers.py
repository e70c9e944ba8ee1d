"""Reads the line that names the columns, as people and their programs write it.

Before it there may be blank lines, byte-order marks and Excel's `sep=;`. Which column is the phone, a name or the
consent says its own name, else the caller's mapping, else one of the words that people use for it, if only one column
has one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dispatch.errors import InvalidRequest
from dispatch.formats.columns import MAX_NAME, attribute_of, column_name, mapping_of, may_be_consent
from dispatch.formats.consents import meaning_of, word_of
from dispatch.formats.csv_out import plain_cell
from dispatch.formats.csv_records import DELIMITERS, MAX_LINE, UNREADABLE, split

# More than an account has attributes, and those of rejected lines.
MAX_COLUMNS = 1_100
_MAX_LINES = 20
_LINE_ENDS = ("\n", "\r")
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)

# Without case, accents, spaces and signs. English, German, Greek, French, Spanish, Italian, Portuguese, Dutch, Turkish,
# Russian, Polish.
_PHONE = """phonenumber phoneno phonenr mobile mobilephone mobilenumber mobileno mobilephonenumber cell
    cellphone cellnumber telephone telephonenumber tel telno msisdn smsnumber whatsapp whatsappnumber
    contactnumber telefon telefonnummer handy handynr handynummer telefonnr telnr mobil mobilnummer
    mobiltelefon rufnummer τηλεφωνο κινητο κινητοτηλεφωνο αριθμοστηλεφωνου αριθμοσκινητου τηλ portable
    telephoneportable numerodetelephone telefono telefonomovil movil celular numerodetelefono cellulare
    telefonocellulare telefone telemovel telefoonnummer telefoon mobiel mobielnummer telefonnumarası
    ceptelefonu cep phone primaryphone mobiletel sms phone1value mobilfunk mobilfunknummer
    mobiltelefonnummer telefonmobil telmobil κιν κινητοτηλ αρτηλεφωνου αρκινητου telportable telmobile
    telephonemobile numerotelephone ndetelephone nodetelephone gsm telmovil numerodemovil numerotelefono
    nodetelefono numerodecelular telefonocelular numeroditelefono numerodicellulare numerocellulare
    telcellulare numerodetelemovel celulare телефон мобильный мобильныйтелефон номертелефона numertelefonu
    komorka telkomorkowy"""
_FIRST_NAME = """fname givenname forename vorname ονομα μικροονομα prenom nombre nome primeironome voornaam
    isim имя imie"""
_LAST_NAME = """lname surname familyname nachname familienname επωνυμο επιθετο nomdefamille apellido
    apellidos cognome sobrenome apelido achternaam soyad soyisim фамилия nazwisko"""


@dataclass(frozen=True, slots=True)
class Header:
    """The cells of the first line, the column that each is ('' for one that is left out), and what separates them."""

    cells: tuple[str, ...]
    names: tuple[str, ...]
    delimiter: str

    @property
    def mapping(self) -> dict[str, str]:
        """Returns which column each cell was taken for, an attribute by its name."""
        return mapping_of(zip(self.cells, self.names, strict=True))


def read_header(
    numbered: Iterator[tuple[int, str]], mapping: Mapping[str, str] | None = None, *, of_opt_outs: bool = False
) -> Header:
    """Returns the header, and leaves what follows it to be read; InvalidRequest if no column is the phone.

    `mapping` says which cell each column is: {"phone": "Mobile"}. In a file `of_opt_outs` no column is looked for that
    says who has opted out.
    """
    _check_columns(mapping or {})
    text = _first_line(numbered)
    delimiters = DELIMITERS
    if separator := _SEPARATOR.fullmatch(text.strip()):
        delimiters = separator[1] if separator[1] in DELIMITERS else DELIMITERS
        text = _first_line(numbered)
    if len(text) >= MAX_LINE:
        raise InvalidRequest(f"The first line is longer than {MAX_LINE:,} characters; is this a CSV file?")
    if UNREADABLE.search(text):
        raise InvalidRequest("The first line is not UTF-8 text; save the file as 'CSV UTF-8' and try again.")
    for delimiter in delimiters:
        cells = _cells(text, delimiter)
        names = _names(cells, mapping or {})
        if "phone" in names:
            if not of_opt_outs:
                _name_consent(cells, names, mapping or {})
            return _checked(Header(tuple(cells), tuple(names), delimiter))
    _check_mapping(text, mapping or {})
    found = text.strip()[:100] or "nothing"
    raise InvalidRequest(
        f"The first line must name the columns, one of them phone; it has: {found}. If one of these is the phone, say "
        "which.",
        field="mapping",
        use={"mapping": {"phone": "NAME"}},
    )


def _first_line(numbered: Iterator[tuple[int, str]]) -> str:
    """Returns the first line that is not blank, with those that its quotation marks make a part of it."""
    pieces: list[str] = []
    marks = size = 0
    for _, piece in numbered:
        if not pieces:
            piece = piece.lstrip("\ufeff")
            if not piece.strip():
                continue
        pieces.append(piece)
        marks += piece.count('"')
        size += len(piece)
        if (marks % 2 == 0 and piece.endswith(_LINE_ENDS)) or len(pieces) > _MAX_LINES or size >= MAX_LINE:
            break
    return "".join(pieces)


def _cells(text: str, delimiter: str) -> list[str]:
    cells = [plain_cell(cell.strip()) for cell in split(text, delimiter) or []]
    while len(cells) > MAX_COLUMNS and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise InvalidRequest(f"The first line names {len(cells):,} columns; at most {MAX_COLUMNS:,} can be imported.")
    return cells


def _names(cells: list[str], mapping: Mapping[str, str]) -> list[str]:
    names = [column_name(cell) for cell in cells]
    for wanted, source in mapping.items():
        column = column_name(wanted)
        places = _places(cells, source)
        if len(places) != 1:
            return []
        if column in names and names.index(column) != places[0]:
            taken = names.index(column)
            names[taken] = f"attribute:{cells[taken]}"
        names[places[0]] = column
    for column, words in SYNONYMS.items():
        places = [place for place, cell in enumerate(cells) if word_of(cell) in words and names[place] not in mapping]
        if column in names or not places:
            continue
        if len(places) == 1:
            names[places[0]] = column
        elif column == "phone":
            both = " and ".join(cells[place] for place in places[:5])
            raise InvalidRequest(
                f"{both} may each be the {column}; say which.",
                field="mapping",
                use={"mapping": {column: cells[places[0]]}},
            )
    return names


def _name_consent(cells: list[str], names: list[str], mapping: Mapping[str, str]) -> None:
    """Names the column that says who may be messaged; InvalidRequest if it may be one of several, or something else."""
    given = set(map(column_name, mapping))
    if "consent" in given:
        return
    asked = [place for place, name in enumerate(names) if may_be_consent(name) and name not in given]
    found = {place: meaning for place in asked if (meaning := meaning_of(cells[place]))}
    sure = [place for place, meaning in found.items() if meaning.certainty == "sure"]
    opts_out = any(found[place].opts_out for place in sure)
    # The time or the source of an opt-in says nothing more than the column that says who has opted in or out.
    known = [
        place for place, meaning in found.items() if meaning.certainty == "detail" and opts_out >= meaning.opts_out
    ]
    open_ = [place for place in found if not (sure and place in known)]
    if len(sure) == 1 and open_ == sure:
        names[sure[0]] = "consent"
    elif open_:
        likely = min(open_, key=lambda place: (not found[place].opts_out, place not in sure))
        raise _which_consent([cells[place] for place in open_], cells[likely])


def _which_consent(names: list[str], likely: str) -> InvalidRequest:
    which = "may each be the consent; say which" if len(names) > 1 else "may be the consent; say whether it is"
    return InvalidRequest(
        f"{' and '.join(names[:5])} {which}. One that does not say who may be messaged is mapped to attribute: and its "
        f"name, such as attribute:{names[-1]}.",
        field="mapping",
        use={"mapping": {"consent": likely}},
    )


def _check_columns(mapping: Mapping[str, str]) -> None:
    """Refuses a mapping that names a column twice, one cell for two columns, or an attribute without a name."""
    columns = Counter(map(column_name, mapping))
    if blank := [wanted for wanted in mapping if not attribute_of(column_name(wanted)).strip()]:
        raise InvalidRequest(f"The mapping names a column without a name: {blank[0]!r}.", field="mapping")
    sources = Counter(source.strip() for source in mapping.values())
    for name, times in [*columns.items(), *sources.items()]:
        if times > 1:
            raise InvalidRequest(
                f"The mapping names {name!r} twice; each column is one cell of the file.", field="mapping"
            )


def _places(cells: list[str], source: str) -> list[int]:
    """Returns where a cell is called so, exactly or else but for case, accents, spaces and signs."""
    exact = [place for place, cell in enumerate(cells) if cell == source.strip()]
    return exact or [place for place, cell in enumerate(cells) if cell and word_of(cell) == word_of(source)]


def _check_mapping(text: str, mapping: Mapping[str, str]) -> None:
    cells = _cells(text, max(DELIMITERS, key=text.count))
    for source in mapping.values():
        found = _places(cells, source)
        if len(found) != 1:
            has = ", ".join(cell for cell in cells if cell)[:300]
            how = "no column" if not found else f"{len(found)} columns"
            raise InvalidRequest(f"The file has {how} called {source!r}; it has: {has}.", field="mapping")


def _checked(header: Header) -> Header:
    named = Counter(name for name in header.names if name)
    if long := [name for name in named if len(attribute_of(name)) > MAX_NAME]:
        raise InvalidRequest(f"A column has a name of more than {MAX_NAME} characters: {long[0][:40]}…")
    if twice := sorted(name for name, times in named.items() if times > 1):
        raise InvalidRequest(f"The first line names a column twice: {', '.join(twice)[:300]}.")
    return header


SYNONYMS = {
    "phone": frozenset(map(word_of, _PHONE.split())),
    "first_name": frozenset(map(word_of, ("firstname", *_FIRST_NAME.split()))),
    "last_name": frozenset(map(word_of, ("lastname", *_LAST_NAME.split()))),
}
