"""Opt-outs in columns that are not the consent: a column `Status` whose cell says `Unsubscribed`.

It may be one of several values (`vip, unsubscribed`). Nobody knows without asking whether that is about texts. The
first lines of a file are looked at before it is imported, and whatever they show is asked; a line further on is
rejected with the same question, so that its person is not messaged.
"""

from typing import NamedTuple

from dispatch.errors import InvalidRequest
from dispatch.formats import consents
from dispatch.formats.columns import OWN, may_be_consent
from dispatch.formats.csv_in import CsvFile, Record
from dispatch.formats.headers import Header
from dispatch.formats.portions import END, Portion, in_portions

#: Lines that are looked at before an import begins, blank ones too; reading them takes some milliseconds.
FIRST_LINES = 1_000

#: Names of columns, and what they are called in the file.
Watched = tuple[tuple[str, str], ...]


class Said(NamedTuple):
    """What the column is called whose cell says that someone has opted out, and whether the cell has other values."""

    called: str
    among_others: bool


def watched(header: Header) -> Watched:
    """Returns the columns whose cells may say that someone has opted out: none that is written as an attribute.

    In a file that has the columns of an export, the consent says it.
    """
    if header.names[: len(OWN)] == OWN:
        return ()
    named = zip(header.names, header.cells, strict=True)
    return tuple(
        (name, cell)
        for name, cell in named
        if name != "consent" and may_be_consent(name) and not consents.is_of_another_channel(cell)
    )


def opted_out_in(record: Record, columns: Watched) -> Said | None:
    """Returns the column that says that the person has opted out, None if none does.

    A line whose consent says that nothing is to be sent to its person is clear.
    """
    if record.cells.get("consent") in (consents.UNSUBSCRIBED, consents.SUPPRESSED):
        return None
    for name, called in columns:
        if not (cell := record.cells.get(name)):
            continue
        if consents.says_opt_out(cell):
            return Said(called, among_others=False)
        if consents.says_opt_out_among_others(cell):
            return Said(called, among_others=True)
    return None


def question(said: Said) -> str:
    """Returns what is asked about a column that says so."""
    if said.among_others:
        return (
            f"{said.called} says among other things that someone has opted out: say so in a column called consent, "
            f"or if it is about something else map it to attribute: and its name, such as attribute:{said.called}"
        )
    return (
        f"{said.called} says that someone has opted out, and is not the consent: map it to consent, or if it is about "
        f"something else to attribute: and its name, such as attribute:{said.called}"
    )


def check_first_lines(file: CsvFile) -> None:
    """Reads the first lines; InvalidRequest asks what a column means whose cells say that someone has opted out."""
    columns = watched(file.header)
    for record in in_portions(file, Portion(FIRST_LINES)) if columns else ():
        if record is END:
            break
        if isinstance(record, Record) and (said := opted_out_in(record, columns)):
            # A column of several values does not become the consent as a whole, so nothing is proposed.
            use = {} if said.among_others else {"use": {"mapping": {"consent": said.called}}}
            raise InvalidRequest(f"{question(said)}.", field="mapping", **use)
