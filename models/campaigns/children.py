"""Writes the row of a child campaign: a retry, a rest or a test."""

from dataclasses import asdict, dataclass

from models.campaigns.campaign import DEFAULT_LIFE, Campaign
from models.campaigns.writing import CONTENT
from models.database import row


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChild:
    """What a new child campaign is written with."""

    parent_id: int
    #: retry, rest or test.
    kind: str
    name: str
    #: The campaign that it follows up: the parent, or the root of a chain of children.
    follows_id: int
    #: The states that the followed campaign may be in.
    in_states: list[str]
    actor: str
    correlation_id: str
    #: Which of the parent's texts it sends alone; None for the same ones.
    variant: int | None = None


def spawn(child: NewChild) -> Campaign | None:
    """Writes a child with the content of its parent, to which the caller assigns numbers.

    None when the campaign that it follows up is in none of the states named. The child inherits an expiry that was set
    for its parent, if that is in the future, but not a default one. A retry inherits its parent's approval, because it
    sends the same text to some of the same people.
    """
    # It holds no one back.
    content = {column: column for column in (*CONTENT, "variant")}
    content |= {"split": "split - '{hold_back,winner_rule}'::text[]"}
    if child.variant is not None:
        text = "split #>> ARRAY['variants', %(place)s, 'text']"
        content |= {"template": text, "split": "NULL", "variant": "%(variant)s"}
    # Not an approval that the parent has started without.
    inherited = f"'{child.kind}' = 'retry' AND coalesce(unapproved_recipients < recipients, true)"
    approval = ", ".join(
        f"CASE WHEN {inherited} THEN {column} END" for column in ("approved_by", "approved_at", "approved_recipients")
    )
    return row(
        f"""INSERT INTO campaign (account_id, parent_id, root_id, kind, name, audience_kind, actor, correlation_id,
                                  expires_at, approved_by, approved_at, approved_recipients,
                                  {", ".join(content)})
            SELECT account_id, id, CASE WHEN %(kind)s <> 'test' THEN coalesce(root_id, id) END, %(kind)s, %(name)s,
                   'numbers', %(actor)s, %(correlation_id)s,
                   CASE WHEN expires_at > now() THEN nullif(expires_at, started_at + {DEFAULT_LIFE}) END,
                   {approval}, {", ".join(content.values())}
            FROM campaign WHERE id = %(parent_id)s
              AND EXISTS (SELECT FROM campaign f WHERE f.id = %(follows_id)s AND f.status = ANY(%(in_states)s))
            RETURNING *""",
        {**asdict(child), "place": str((child.variant or 1) - 1)},
        into=Campaign,
    )
