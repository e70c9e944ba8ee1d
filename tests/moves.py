"""The tables of moves in `models/states.py`, enforced: the database under test refuses a move that they lack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from models.database import db, row, rows
from models.states import CAMPAIGN_MOVES, MESSAGE_MOVES

# PostgreSQL reads a setting with a dot in its name as the application's own.
_ARRANGING = "tests.arranging"
WAS_REFUSED = "SELECT is_called FROM refused_moves"
REFUSED = "our code tried a move that models/states.py does not allow"

# A sequence keeps its number when the transaction rolls back: a refusal counts even if our code catches the exception.
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

# A campaign remembers where it was paused, and returns only there.
_PAUSED_ELSEWHERE = """NEW.status = 'paused' AND NEW.paused_from IS DISTINCT FROM OLD.status
    OR OLD.status = 'paused' AND NEW.status NOT IN (OLD.paused_from, 'cancelled')"""


def enforce_moves() -> None:
    """Installs the triggers in the database of this process; a second time changes nothing."""
    with db.connection_context():
        rows(enforcing())


def enforcing() -> str:
    """The SQL that installs the triggers, for a database of another process."""
    return ";".join(
        [
            _REFUSE,
            _trigger("campaign", "status", CAMPAIGN_MOVES, also_refused=_PAUSED_ELSEWHERE),
            _trigger("message", "state", MESSAGE_MOVES),
        ]
    )


def forget_refusals() -> None:
    """Begins a test: no move was refused yet."""
    rows("ALTER SEQUENCE refused_moves RESTART")


def was_refused() -> bool:
    """Whether a move was refused since the last `forget_refusals`."""
    found = row(WAS_REFUSED)
    return found is not None and found["is_called"]


@contextmanager
def arranging() -> Iterator[None]:
    """Lets a test put rows into a state that they would reach by several moves; ends with the block."""
    with db.atomic():
        rows(f"SET LOCAL {_ARRANGING} = 'on'")
        yield
        rows(f"SET LOCAL {_ARRANGING} = 'off'")


def _trigger(table: str, column: str, moves: Mapping[str, frozenset[str]], *, also_refused: str = "false") -> str:
    """The whole table is the trigger's condition, so that an allowed move calls no function."""
    allowed = ", ".join(f"('{old}', '{new}')" for old in moves for new in sorted(moves[old]))
    return f"""
        CREATE OR REPLACE TRIGGER {table}_moves BEFORE UPDATE ON {table} FOR EACH ROW
        WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}
            AND ((OLD.{column}, NEW.{column}) NOT IN ({allowed}) OR {also_refused}))
        EXECUTE FUNCTION refuse_move('{column}')"""
