"""The site of docs/ is built from every page, and a reader's browser loads nothing from elsewhere for it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-docs" / "bin" / "python"
# `make lint` makes it, and CI runs that first.
BUILT = pytest.mark.skipif(not PYTHON.exists(), reason="mkdocs is not installed; `make docs` installs it")
_LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?([^"'\s>]+)|<link\b[^>]*\bhref=["']?([^"'\s>]+)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a site that was built just now."""
    folder = tmp_path_factory.mktemp("site")
    build(ROOT / "mkdocs.yml", folder)
    return folder


def build(configuration, folder):
    command = [PYTHON, "-m", "mkdocs", "build", "--strict", "--config-file", configuration]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ended = subprocess.run(
        [*command, "--site-dir", folder], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@BUILT
def test_the_site_has_a_page_for_every_page_of_docs(site):
    pages = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    assert pages <= {page.relative_to(site) for page in site.rglob("*.html")}


@BUILT
def test_no_page_loads_a_script_a_style_or_a_picture_from_elsewhere(site):
    loaded = [link for page in site.rglob("*.html") for pair in _LOADED.findall(page.read_text()) for link in pair]
    assert [link for link in loaded if link.startswith("assets/")]
    assert {link for link in loaded if link.startswith(("http:", "https:", "//"))} == set()


@BUILT
def test_links_to_files_beside_docs_do_not_lead_out_of_the_site(site):
    assert [page.name for page in site.glob("*.html") if re.search(r'(?:href|src)="\.\./', page.read_text())] == []


@BUILT
@pytest.mark.parametrize("link", ["nowhere.md", "why.md#nowhere", "/why.md"])
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path, link):
    pages = tmp_path / "docs"
    pages.mkdir()
    (pages / "index.md").write_text(f"# Home\n\n[there]({link})\n")
    (pages / "why.md").write_text("# Why\n")
    (pages / "site.py").write_text((ROOT / "docs/site.py").read_text())
    text = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(text[: text.index("nav:\n  - Home")] + "nav: [index.md, why.md]\n")
    with pytest.raises(AssertionError, match="strict mode"):
        build(tmp_path / "mkdocs.yml", tmp_path / "site")
