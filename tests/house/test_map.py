"""The map in dispatch/__init__.py names every package and, there or in the package's docstring, every file."""

import re
from importlib import import_module
from pathlib import Path

import pytest

DISPATCH = Path(__file__).parents[2] / "dispatch"
ENTRIES = dict(re.findall(r"^(\w+) {2,}(.+(?:\n {4,}.+)*)", import_module("dispatch").__doc__ or "", re.MULTILINE))
PACKAGES = sorted(path.parent for path in DISPATCH.glob("*/__init__.py"))


def files_in(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} - {"__init__"}


def test_the_map_has_an_entry_for_each_package_and_each_file_beside_them():
    assert set(ENTRIES) == {package.name for package in PACKAGES} | files_in(DISPATCH)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_file_of_a_package_is_named(package):
    docstring = import_module(f"dispatch.{package.name}").__doc__ or ""
    words = set(re.findall(r"\w+", f"{ENTRIES[package.name]} {docstring}"))
    assert files_in(package) - words == set()
