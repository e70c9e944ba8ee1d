"""Answers to replies are found by account, so that those of a shared provider take turns."""

UP = """
CREATE INDEX reply_answer_turns ON reply_answer (provider_id, account_id, due_at) WHERE state = 'waiting';
"""

DOWN = """
DROP INDEX reply_answer_turns;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
