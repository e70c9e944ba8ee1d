"""Adds words of an account's own that mean STOP, START or HELP when they are a whole reply."""

UP = """
CREATE TABLE reply_word (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    folded     text NOT NULL CHECK (length(folded) BETWEEN 1 AND 1000),
    word       text NOT NULL CHECK (length(word) BETWEEN 1 AND 50),
    keyword    text NOT NULL CHECK (keyword IN ('stop', 'start', 'help')),
    position   smallint NOT NULL,
    PRIMARY KEY (account_id, folded)
);
COMMENT ON COLUMN reply_word.folded IS 'what replies are compared with, folded as they are: a word means one thing';
COMMENT ON COLUMN reply_word.position IS 'its place among the words of its keyword, as they were given';
"""

DOWN = """
DROP TABLE reply_word;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
