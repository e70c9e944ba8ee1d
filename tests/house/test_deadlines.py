"""No test is red because the machine is busy."""

from pathlib import Path

from hypothesis import settings

_TESTS = Path(__file__).parents[1]


def test_examples_have_no_deadline():
    assert settings.default.deadline is None


def test_no_test_sets_one():
    sources = {path.name: path.read_text().replace("deadline=None", "") for path in _TESTS.rglob("test_*.py")}
    assert [name for name, source in sources.items() if "deadline=" in source] == ["test_deadlines.py"]
