"""Files, functions and folders stay small; what is larger is listed here with the reason."""

import ast
import statistics
from collections import Counter
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PACKAGES = (
    *("api", "benchmarks", "cli", "config", "dispatch", "embedded", "jobs", "migrations", "models", "scheduling"),
    "sweeper",
)

MAX_FILES_IN_FOLDER, MAX_LINES_OF_FILE, MAX_LINES_OF_FUNCTION, MEDIAN_LINES_OF_FILE = 25, 250, 40, 90

LARGER_FOLDERS = {
    "migrations": "applied migrations stay, in the one folder that they are found in",
}
LONGER_FILES = {
    "config/settings.py": "every setting once, in one class",
    "dispatch/errors.py": "every refusal once, with its code and its words",
    "migrations/0001_campaigns_and_messages.py": "one release's schema; an applied migration is never split",
    "tests/api/http/test_idempotency.py": "one promise, with every way in which its answer may get lost",
    "tests/api/routes/test_accounts.py": "every setting of an account, and its keys, over the same fixtures",
    "tests/api/routes/test_previews.py": "each of a campaign's previews, over the same customers",
    "tests/dispatch/audience/test_filter.py": "every operator on every kind of field, against one oracle",
    "tests/dispatch/customers/test_import_run.py": "one import in every state in which its worker may leave it",
    "tests/dispatch/customers/test_imports.py": "every way to write a line of a CSV file",
    "tests/dispatch/sending/test_delivery.py": "every outcome of a call, at every moment it may come",
    "tests/dispatch/start/test_enqueue.py": "every refusal and every race of one function",
    "tests/dispatch/start/test_follow_ups.py": "retry, rest and test: three ways to make the same child",
    "tests/dispatch/test_recovery.py": "everything that may lose its owner",
}
LONGER_FUNCTIONS = {
    "models/campaigns/preparation.py claim": "one statement: the claim and its conditions are read together",
}

FILES = sorted(path for package in (*_PACKAGES, "tests") for path in (_ROOT / package).rglob("*.py"))


def _name(path):
    return path.relative_to(_ROOT).as_posix()


def _lines(path):
    return len(path.read_text().splitlines())


def test_no_folder_contains_too_many_files():
    counted = Counter(_name(path.parent) for path in FILES)
    assert {folder for folder, files in counted.items() if files > MAX_FILES_IN_FOLDER} <= set(LARGER_FOLDERS)


def test_no_file_is_longer_than_allowed_unless_it_is_listed():
    assert {_name(path) for path in FILES if _lines(path) > MAX_LINES_OF_FILE} <= set(LONGER_FILES)


def test_no_function_is_longer_than_allowed_unless_it_is_listed():
    longer = {
        f"{_name(path)} {function.name}"
        for path in FILES
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.end_lineno - function.lineno >= MAX_LINES_OF_FUNCTION
    }
    assert longer <= set(LONGER_FUNCTIONS)


def test_half_of_all_source_files_fit_on_a_screen():
    source = [_lines(path) for path in FILES if not _name(path).startswith("tests/")]
    assert statistics.median(source) <= MEDIAN_LINES_OF_FILE
