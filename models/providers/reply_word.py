"""Words of an account's own that mean STOP, START or HELP when they are a whole reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from models.database import changed, rows
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWord(Row):
    """One word of an account; the built-in ones have no rows."""

    account_id: UUID
    #: What replies are compared with.
    folded: str
    #: As it was given.
    word: str
    #: stop, start or help.
    keyword: str
    position: int

    @classmethod
    def of(cls, account_id: UUID) -> list[Self]:
        """Returns the account's words, in the order in which they were given."""
        return rows("SELECT * FROM reply_word WHERE account_id = %s ORDER BY keyword, position", [account_id], into=cls)

    @classmethod
    def put(cls, account_id: UUID, keyword: str, words: Mapping[str, str]) -> list[str]:
        """Replaces the account's words of a keyword, each by what it is folded to; returns those it could not add.

        They have another keyword already. In a transaction that has locked the account.
        """
        changed("DELETE FROM reply_word WHERE account_id = %s AND keyword = %s", [account_id, keyword])
        added = rows(
            """INSERT INTO reply_word (account_id, keyword, folded, word, position)
               SELECT %s, %s, folded, word, place
               FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (folded, word, place)
               ON CONFLICT (account_id, folded) DO NOTHING RETURNING folded""",
            [account_id, keyword, list(words), list(words.values())],
        )
        return [word for folded, word in words.items() if folded not in {each["folded"] for each in added}]

    @classmethod
    def meanings(cls, folded: str, account_ids: Sequence[UUID]) -> dict[UUID, str]:
        """Returns the keyword of a folded text for each of these accounts that has given it one."""
        found = rows(
            "SELECT account_id, keyword FROM reply_word WHERE folded = %s AND account_id = ANY(%s)",
            [folded, list(account_ids)],
        )
        return {each["account_id"]: each["keyword"] for each in found}
