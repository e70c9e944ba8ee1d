"""Opt-outs in columns that are not the consent: a column `Status` whose cell says `Unsubscribed`.

Nobody knows without asking whether that is about texts. The first lines of a file are looked at before it is imported,
and whatever they show is asked; a line further on is rejected with the same question, so that its person is not
messaged.
"""

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


def opted_out_in(record: Record, columns: Watched) -> str | None:
    """Returns what the column is called that says that the person has opted out, None if none does.

    A line whose consent says that nothing is to be sent to its person is clear.
    """
    if record.cells.get("consent") in (consents.UNSUBSCRIBED, consents.SUPPRESSED):
        return None
    for name, called in columns:
        if (cell := record.cells.get(name)) and consents.says_opt_out(cell):
            return called
    return None


def question(called: str) -> str:
    """Returns what is asked about a column that is called so."""
    return (
        f"{called} says that someone has opted out, and is not the consent: map it to consent, or if it is about "
        f"something else to attribute: and its name, such as attribute:{called}"
    )


def check_first_lines(file: CsvFile) -> None:
    """Reads the first lines; InvalidRequest asks what a column means whose cells say that someone has opted out."""
    columns = watched(file.header)
    for record in in_portions(file, Portion(FIRST_LINES)) if columns else ():
        if record is END:
            break
        if isinstance(record, Record) and (called := opted_out_in(record, columns)):
            raise InvalidRequest(f"{question(called)}.", field="mapping", use={"mapping": {"consent": called}})
