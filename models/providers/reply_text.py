"""What accounts answer to HELP, STOP and START."""

from dataclasses import dataclass
from uuid import UUID

from models.database import changed, rows
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyText(Row):
    """An account's answer to one keyword; '' for none at all."""

    account_id: UUID
    keyword: str
    text: str

    @classmethod
    def of(cls, account_id: UUID) -> dict[str, str]:
        """Returns the account's answers by their keyword."""
        found = rows("SELECT keyword, text FROM reply_text WHERE account_id = %s", [account_id])
        return {each["keyword"]: each["text"] for each in found}

    @classmethod
    def put(cls, account_id: UUID, keyword: str, text: str | None) -> None:
        """Sets the answer to a keyword; None for the usual one."""
        if text is None:
            changed("DELETE FROM reply_text WHERE account_id = %s AND keyword = %s", [account_id, keyword])
            return
        changed(
            """INSERT INTO reply_text (account_id, keyword, text) VALUES (%s, %s, %s)
               ON CONFLICT (account_id, keyword) DO UPDATE SET text = excluded.text""",
            [account_id, keyword, text],
        )
