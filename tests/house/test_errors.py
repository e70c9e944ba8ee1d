"""docs/errors.md lists every code that the API and the command line refuse with, and no other."""

import ast
import inspect
import re
from pathlib import Path

from api.http.errors import STATUS
from embedded.refusal import Refused

ROOT = Path(__file__).parents[2]
API, COMMAND_LINE = (ROOT / "docs" / "errors.md").read_text().split("\n## On the command line only\n")


def test_the_page_lists_each_code_of_the_api_once_with_its_status():
    listed = re.findall(r"^\| `(\w+)` \| (\d+) \| .+ \| .+ \|$", API, re.MULTILINE)
    assert sorted(listed) == sorted((code, str(status)) for code, status in STATUS.items())


def test_the_page_lists_each_code_of_the_command_line_once():
    listed = re.findall(r"^\| `(\w+)` \| .+ \| .+ \|$", COMMAND_LINE, re.MULTILINE)
    assert sorted(listed) == sorted(codes_of_the_command_line() - set(STATUS))


def test_every_code_of_the_table_is_answered_somewhere():
    source = "\n".join(path.read_text() for room in ("api", "dispatch") for path in sorted((ROOT / room).rglob("*.py")))
    answered = {code for code in STATUS if len(re.findall(rf'"{code}"', source)) > 1}
    assert answered == set(STATUS)


def codes_of_the_command_line() -> set[str]:
    """The codes that `Refused` is raised with, its default, and those that other exceptions are explained with."""
    found = {inspect.signature(Refused).parameters["code"].default}
    for room in ("cli", "embedded"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                        found.add(code)
                    case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str(code)), _])) if code.isupper():
                        found.add(code)
    return found
