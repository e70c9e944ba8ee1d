"""Violations on answers to replies, in SQL: each plants a provider, a reply and its answer of the account 'ours'."""


def _an_answer(state: str, *, owner: str = "ours", provider: str = "NULL", **columns: str) -> str:
    """Returns what inserts an answer with these columns, as SQL, of an account to a reply to the account 'ours'."""
    named = "".join(f", {name}" for name in columns)
    given = "".join(f", {value}" for value in columns.values())
    return f"""
    INSERT INTO provider (account_id, name, kind, settings, credentials)
        SELECT {provider}, 'p', 'simulated', '{{}}', '{{}}' FROM account WHERE name = 'theirs';
    INSERT INTO reply (account_id, provider_id, key, phone, text, keyword)
        SELECT a.id, p.id, 'k', '+306911111111', 'HELP', 'help' FROM account a, provider p WHERE a.name = 'ours';
    INSERT INTO reply_answer (reply_id, account_id, provider_id, keyword, phone, text, state{named})
        SELECT r.id, a.id, r.provider_id, 'help', r.phone, 'Hi', '{state}'{given}
        FROM account a, reply r WHERE a.name = '{owner}'"""


_SOON, _LONG_AGO = "now() + interval '1 hour'", "now() - interval '1 hour'"
_SENT = {"expires_at": _SOON, "ended_at": "now()"}

# The beginning of the sentence, what plants it, and an id that is found.
PLANTED = [
    ("Answers to replies in flight", _an_answer("sending", expires_at=_SOON, lease_until=_LONG_AGO), "reply1"),
    ("Answers to replies that still wait", _an_answer("waiting", expires_at=_LONG_AGO, due_at=_LONG_AGO), "reply1"),
    ("Answers to a reply of another account", _an_answer("sent", owner="theirs", **_SENT), "reply1"),
    ("Answers to a reply of another account", _an_answer("sent", provider="id", **_SENT), "reply1"),
]
HARMLESS = [_an_answer("sent", **_SENT), _an_answer("sending", expires_at=_LONG_AGO, lease_until="now()")]
