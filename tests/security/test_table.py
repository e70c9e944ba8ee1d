"""The table of threats in docs/security.md, and the tests that it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
# Up to the next blank line: other tables of the page are about other things.
THREATS = PAGE.partition("| threat |")[2].partition("\n\n")[0]
TABLE = re.findall(r"^\| (\w.+) \| (.+) \| (.+) \|$", THREATS, re.MULTILINE)


def test_every_threat_has_a_test():
    assert len(TABLE) > 2
    for threat, _, tests in TABLE:
        assert re.search(r"\]\(\.\./tests/\S+\.py\)", tests), threat


def test_every_test_of_this_folder_is_in_the_table():
    named = {name for *_, tests in TABLE for name in re.findall(r"\(\.\./(tests/\S+\.py)\)", tests)}
    here = {path.relative_to(ROOT).as_posix() for path in Path(__file__).parent.glob("test_*.py")}
    assert here - {Path(__file__).relative_to(ROOT).as_posix()} <= named
