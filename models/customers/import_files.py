"""What is kept of an uploaded file: its pieces until the import ends, and the lines that were rejected."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.database import changed, db
from models.export import read_in_pages
from models.row import Row

#: Rejected lines of an import that are kept: more than anyone repairs by hand.
MOST_REJECTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerImportPart(Row):
    """A piece of the uploaded file."""

    import_id: int
    #: Counted from 0.
    number: int
    content: bytes

    @classmethod
    def keep(cls, import_id: int, parts: Iterator[bytes]) -> None:
        """Stores the file."""
        with db.connection().cursor() as cursor:
            for number, content in enumerate(parts):
                cursor.execute(
                    "INSERT INTO customer_import_part (import_id, number, content) VALUES (%s, %s, %b)",
                    [import_id, number, content],
                )

    @classmethod
    def read(cls, import_id: int, number: int) -> bytes | None:
        """Returns a part of the file; None behind the last one."""
        # Binary: as text every byte would travel as two.
        with db.connection().cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT content FROM customer_import_part WHERE import_id = %s AND number = %s", [import_id, number]
            )
            found: tuple[bytes] | None = cursor.fetchone()
        return found[0] if found else None


def forget_file(import_id: int) -> None:
    """Deletes what is kept of a file until its import ends: its pieces, and the numbers seen in a trial."""
    changed("DELETE FROM customer_import_part WHERE import_id = %s", [import_id])
    changed("DELETE FROM customer_import_phone WHERE import_id = %s", [import_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerImportReject(Row):
    """A line that could not be imported, and why."""

    import_id: int
    line: int
    reason: str
    #: As it stood in the file; only imports of an earlier release have nothing more.
    phone: str
    #: The values of its columns, as they stood; none if it could not be split into those, and has its text.
    cells: list[str]
    content: str

    @classmethod
    def keep(cls, import_id: int, rejected: Sequence[tuple[int, str, Sequence[str], str]]) -> None:
        """Stores line number, reason, values and text of each, as far as the import may keep more."""
        if not rejected:
            return
        lines, reasons, values, texts = zip(*rejected[:MOST_REJECTS], strict=True)
        changed(
            """WITH room AS (
                 SELECT greatest(%(most)s - rejected_kept, 0) AS lines FROM customer_import WHERE id = %(id)s FOR UPDATE
               ), kept AS (
                 INSERT INTO customer_import_reject (import_id, line, reason, cells, content)
                 SELECT %(id)s, line, reason, ARRAY(SELECT json_array_elements_text(cells)), content
                 FROM unnest(%(lines)s::integer[], %(reasons)s::text[], %(values)s::json[], %(texts)s::text[])
                      AS t (line, reason, cells, content)
                 ORDER BY line LIMIT (SELECT lines FROM room) RETURNING line)
               UPDATE customer_import SET rejected_kept = rejected_kept + (SELECT count(*) FROM kept)
               WHERE id = %(id)s""",
            {
                "id": import_id,
                "most": MOST_REJECTS,
                "lines": list(lines),
                "reasons": list(reasons),
                "values": [json.dumps(list(each)) for each in values],
                "texts": list(texts),
            },
        )

    @classmethod
    def lines(cls, import_id: int) -> "Iterator[tuple[int, str, list[str], str]]":
        """Yields line number, reason, values and text of each, in the file's order; no transaction is open between."""
        sql = """SELECT line, reason, CASE WHEN phone <> '' THEN ARRAY[phone] ELSE cells END AS cells, content
                 FROM customer_import_reject WHERE import_id = %s AND line > %s"""
        yield from read_in_pages(sql, [import_id], by="line")
