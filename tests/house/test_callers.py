"""Everything that an entry point calls takes the caller first, and nothing acts for all accounts by default."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# These act for no one: pure functions, proofs over all rows, and how a verb finds the account that it acts for.
WITHOUT_A_CALLER = {
    "account_named",
    "already_sent",
    "already_started",
    "audit",
    "check_first_lines",
    "checked_lines",
    "counted",
    "encoding_of",
    "in_words",
    "as_csv",
    "open_private",
    "lines_of",
    "normalise",
    "read_conditions",
    "read_filter",
    "read_time",
    "problem",
    "record_spans",
    "register_occurrences",
    "serve",
    "standing_of",
    "without_database",
    "without_schema",
}

# `actor` is a filter here.
OPTIONAL = {"list_events"}


def called_by_doors():
    """Returns each function of dispatch that a route or a verb names, with the place of its definition."""
    for room in ("api/routes", "cli"):
        for path in sorted((ROOT / room).rglob("*.py")):
            tree = ast.parse(path.read_text())
            modules = {}
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dispatch"):
                    home = import_module(node.module)
                    for alias in node.names:
                        found = getattr(home, alias.name, None) or import_module(f"{node.module}.{alias.name}")
                        if inspect.ismodule(found):
                            modules[alias.asname or alias.name] = found
                        elif inspect.isfunction(found):
                            yield found
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                    found = getattr(modules[node.value.id], node.attr, None)
                    if inspect.isfunction(found):
                        yield found


CALLED = {function.__name__: function for function in called_by_doors()}


@pytest.mark.parametrize("name", sorted(CALLED.keys() - WITHOUT_A_CALLER))
def test_functions_that_entry_points_call_take_the_caller_first(name):
    first = next(iter(inspect.signature(CALLED[name]).parameters.values()))
    assert (first.name, first.default) == ("caller", inspect.Parameter.empty)


def test_no_function_of_dispatch_or_models_assumes_an_account_or_an_actor():
    assumed = []
    for room in ("dispatch", "models"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef):
                    arguments = node.args
                    with_default = arguments.args[len(arguments.args) - len(arguments.defaults) :] + [
                        argument
                        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                        if default is not None
                    ]
                    names = {argument.arg for argument in with_default}
                    if names & {"account_id", "tenant", "caller", "actor"} and node.name not in OPTIONAL:
                        assumed.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert assumed == []
