"""Enforces the tables of moves in `models/states.py`: the database under test refuses any other move."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from models.database import db, row, rows
from models.states import CAMPAIGN_MOVES, MESSAGE_MOVES, SCHEDULE_MOVES

# PostgreSQL treats a setting with a dot in its name as the application's own.
_ARRANGING = "tests.arranging"
WAS_REFUSED = "SELECT is_called FROM refused_moves"
REFUSED = "our code tried a move that models/states.py does not allow"

# A sequence is not rolled back, so a refusal counts even if our code catches the exception.
_REFUSE = f"""
    CREATE SEQUENCE IF NOT EXISTS refused_moves;
    CREATE OR REPLACE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('{_ARRANGING}', true) = 'on' THEN
            RETURN NEW;
        END IF;
        PERFORM nextval('refused_moves');
        RAISE EXCEPTION 'models/states.py does not let this % go from % to %',
            TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[0];
    END $$"""

# A campaign remembers the state in which it was paused, and returns only to that.
_PAUSED_ELSEWHERE = """NEW.status = 'paused' AND NEW.paused_from IS DISTINCT FROM OLD.status
    OR OLD.status = 'paused' AND NEW.status NOT IN (OLD.paused_from, 'cancelled')"""


def enforce_moves() -> None:
    """Installs the triggers in this process's database; repeating it changes nothing."""
    with db.connection_context():
        rows(enforcing())


def enforcing() -> str:
    """Returns the SQL that installs the triggers, for another process's database."""
    return ";".join(
        [
            _REFUSE,
            _trigger("campaign", "status", CAMPAIGN_MOVES, also_refused=_PAUSED_ELSEWHERE),
            _trigger("message", "state", MESSAGE_MOVES),
            _trigger("schedule", "status", SCHEDULE_MOVES),
        ]
    )


def forget_refusals() -> None:
    """Resets the count of refusals, at the start of a test."""
    rows("ALTER SEQUENCE refused_moves RESTART")


def was_refused() -> bool:
    """Returns whether a move was refused since the last `forget_refusals`."""
    found = row(WAS_REFUSED)
    return found is not None and found["is_called"]


@contextmanager
def arranging() -> Iterator[None]:
    """Lets a test put rows directly into a state that takes several moves to reach, until the end of the block."""
    with db.atomic():
        rows(f"SET LOCAL {_ARRANGING} = 'on'")
        yield
        rows(f"SET LOCAL {_ARRANGING} = 'off'")


def _trigger(table: str, column: str, moves: Mapping[str, frozenset[str]], *, also_refused: str = "false") -> str:
    """Returns the SQL of a trigger whose condition is the whole table, so that an allowed move calls no function."""
    allowed = ", ".join(f"('{old}', '{new}')" for old in moves for new in sorted(moves[old]))
    return f"""
        CREATE OR REPLACE TRIGGER {table}_moves BEFORE UPDATE ON {table} FOR EACH ROW
        WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}
            AND ((OLD.{column}, NEW.{column}) NOT IN ({allowed}) OR {also_refused}))
        EXECUTE FUNCTION refuse_move('{column}')"""
