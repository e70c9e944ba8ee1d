"""What the documents point to exists: files, headings, and code named by its path."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT, *(folder for folder in ROOT.iterdir() if folder.is_dir() and not folder.name.startswith("."))]
PAGES = sorted({page for folder in FOLDERS for page in (folder.glob if folder == ROOT else folder.rglob)("*.md")})

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`((?:[a-z_]+/)+(?:[\w.]+\.\w+)?)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """Returns the page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Returns the headings as link targets."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}


@EVERY_PAGE
def test_every_link_leads_to_an_existing_file_and_heading(page):
    links = [link for link in _LINK.findall(prose(page)) if not link.startswith(("http://", "https://"))]
    broken = []
    for link in links:
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(link)
    assert broken == []


@EVERY_PAGE
def test_every_path_named_in_prose_exists(page):
    assert [path for path in _CODE.findall(prose(page)) if not (ROOT / path).exists()] == []


def test_every_page_named_in_the_code_exists():
    code = [path for folder in FOLDERS for path in folder.rglob("*.py") if folder != ROOT]
    named = {page for path in code for page in re.findall(r"\bdocs/[\w/]+\.md\b", path.read_text())}
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_each_walk_of_the_readme_takes_at_most_six_files():
    walks = re.findall(r"^\| (\w+) \| (\[.+\]\(.+\)) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {name: len(_LINK.findall(files)) for name, files in walks if len(_LINK.findall(files)) > 6} == {}
    assert [name for name, _ in walks] == ["start", "sweep", "recur", "send", "recover"]
