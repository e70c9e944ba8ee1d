"""Violations on those who were held back, in SQL: campaign 2 of the account 'ours' is completed, 5 is another's."""

_LONG_AGO = "now() - interval '1 hour'"


def _held_back(owner: str = "ours", **columns: str) -> str:
    named = "".join(f", {name}" for name in columns)
    given = "".join(f", {value}" for value in columns.values())
    return f"""INSERT INTO held_back (campaign_id, account_id{named})
               SELECT 2, id{given} FROM account WHERE name = '{owner}'"""


def _decision(owner: str = "ours", child: str = "NULL") -> str:
    return f"""
    INSERT INTO variant_decision (campaign_id, account_id, variant, child_id, withheld, by_rule, actor, measure,
                                  figures, verdict)
    SELECT 2, id, CASE WHEN {child}::bigint > 0 THEN 1 END, {child},
           CASE WHEN {child}::bigint > 0 THEN NULL ELSE 'too_early' END, true, 'a', 'clicked', '[]', 'v'
    FROM account WHERE name = '{owner}'"""


_A_FAILED_CHILD = f"""
INSERT INTO campaign (id, account_id, name, channel, parent_id, root_id, kind, audience_kind, status, ended_at,
                      settled_at) OVERRIDING SYSTEM VALUE
SELECT 100, account_id, name, channel, id, id, 'retry', 'numbers', 'failed', {_LONG_AGO}, now()
FROM campaign WHERE id = 2"""

# The beginning of the sentence, what plants it, and an id that is found.
PLANTED = [
    ("Rules of variants due", _held_back(decide_at=_LONG_AGO), "2"),
    ("Rules of variants due", _held_back(decide_at=_LONG_AGO, next_check_at=_LONG_AGO), "2"),
    ("Rules of variants whose campaign failed", f"{_A_FAILED_CHILD}; {_held_back(child_id='100')}", "2"),
    ("People held back by", _held_back("theirs"), "2"),
    ("People held back by", _held_back(child_id="5"), "2"),
    ("People held back by", _decision("theirs"), "2"),
    ("People held back by", _decision(child="5"), "2"),
]
HARMLESS = [
    f"{_held_back()}; {_decision()}",
    _held_back(decide_at="now() + interval '1 hour'"),
    _held_back(decide_at=_LONG_AGO, next_check_at="now() + interval '1 minute'", blocked_reason="'X'"),
    _held_back(decide_at=_LONG_AGO, child_id="1"),
]
