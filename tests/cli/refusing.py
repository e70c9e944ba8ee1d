"""What every refusal on the command line has in common."""

from tests.cli.conftest import Cli
from tests.stored import stored_rows


def assert_refused(cli: Cli, *words: object, code: str, says: str = "") -> None:
    """The verb is refused with this code and a sentence that says this, and no row has changed."""
    before = stored_rows()
    error = cli(*words, "--json").error
    assert error["code"] == code
    assert says in error["message"]
    assert stored_rows() == before
