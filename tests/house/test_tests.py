"""What CONTRIBUTING.md requires of the tests themselves."""

import ast
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
MODULES = sorted(_TESTS.rglob("*.py"))
TEST_MODULES = [path for path in MODULES if path.name.startswith("test_")]


def _imported(path):
    """Returns the dotted names of what the module imports, with the names taken from each."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{name.name}" for name in names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(_TESTS)))
def test_no_module_imports_a_test_module(path):
    from_tests = [name for name in _imported(path) if name.startswith("tests.")]
    assert [name for name in from_tests if any(part.startswith("test_") for part in name.split("."))] == []


def test_races_are_run_only_by_the_shared_helper():
    waiting_for_each_other = [path.relative_to(_TESTS) for path in MODULES if "threading.Barrier(" in path.read_text()]
    # In the imports two threads meet in the middle, when both have read their files.
    assert {str(path) for path in waiting_for_each_other} <= {
        "racing.py",
        "dispatch/customers/test_imports.py",
        "house/test_tests.py",
    }


@pytest.mark.parametrize("path", TEST_MODULES, ids=lambda path: str(path.relative_to(_TESTS)))
def test_tests_and_their_fixtures_are_not_annotated(path):
    annotated = [
        function.name
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        and (function.name.startswith("test_") or any("fixture" in ast.dump(each) for each in function.decorator_list))
        and (function.returns or any(argument.annotation for argument in function.args.args))
    ]
    assert annotated == []
