"""docs/errors.md lists every code that the API, the command line and messages have, and no other."""

import ast
import inspect
import re
from itertools import chain
from pathlib import Path

from api.http.errors import STATUS
from dispatch.receipts.reasons import NOT_DELIVERED, REASONS
from embedded.refusal import Refused

ROOT = Path(__file__).parents[2]
API, MESSAGES, COMMAND_LINE = re.split(r"\n## .+\n", (ROOT / "docs" / "errors.md").read_text())


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


def test_the_page_lists_each_reason_of_a_message_and_each_error_code_of_ours():
    reasons, codes = MESSAGES.split("`error_code` is the provider's own word")
    providers = [f"dispatch/providers/{path.name}" for path in sorted((ROOT / "dispatch/providers").glob("*.py"))]
    providers.append("dispatch/channels")
    sending, rows = (sources("dispatch/sending", *providers), sources("models"))
    writing = re.findall(
        r'^ +reason = "(\w+)"|state="skipped", reason="(\w+)"', sources("dispatch/start", "models"), re.MULTILINE
    )
    assert listed_in(reasons) == {
        *re.findall(r'reason="(\w+)"', sending),
        *filter(None, chain(*writing)),
        *reasons_in_sql(rows),
        *(reason for of_kind in REASONS.values() for reason in of_kind.values()),
        NOT_DELIVERED,
    }
    assert listed_in(codes) == set(re.findall(r'error_code="(\w+)"', sending))


def listed_in(section: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def sources(*places: str) -> str:
    paths = [
        path for place in places for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
    ]
    return "\n".join(path.read_text() for path in paths)


def reasons_in_sql(source: str) -> set[str]:
    """Returns the reasons that statements over messages write; the claim's `late` messages are put off instead."""
    written = re.findall(r"(?:UPDATE message|claimed AS).*?reason = (.+?)(?:,\n|\n {4}FROM)", source, re.DOTALL)
    written += re.findall(r"AS place, m.n.+?AS hindrance|THEN 'frequency_cap'", source, re.DOTALL)
    written += re.findall(
        r"THEN '(?:opted_out|not_mobile|country_not_allowed)'",
        re.search(r"NO_MESSAGE = .+?END\n", source, re.DOTALL)[0],
    )
    return {word for expression in written for word in re.findall(r"'(\w+)'", expression)} - {"late"}


def codes_of_the_command_line() -> set[str]:
    """Returns the codes that `Refused` is raised with, its default, and those that explain other exceptions."""
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
