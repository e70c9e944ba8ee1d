"""docs/doctor.md lists every reason of `doctor`, whether it needs a person and what it means, and no other."""

import re
from pathlib import Path

import pytest

from dispatch.doctor.codes import OF_CAMPAIGNS, OF_THE_INSTALLATION

ROOT = Path(__file__).parents[2]
_, CAMPAIGNS, INSTALLATION = re.split(
    r"\n## (?:Of a campaign|Of the installation)\n", (ROOT / "docs" / "doctor.md").read_text()
)


@pytest.mark.parametrize(
    ("section", "codes"),
    [(CAMPAIGNS, OF_CAMPAIGNS), (INSTALLATION, OF_THE_INSTALLATION)],
    ids=["campaign", "installation"],
)
def test_the_page_lists_each_code_once_with_its_meaning(section, codes):
    listed = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) \| .+ \|$", section, re.MULTILINE)
    assert listed == [(code, each.meaning, "yes" if each.needs_person else "") for code, each in codes.items()]


@pytest.mark.parametrize("code", sorted(OF_CAMPAIGNS.keys() | OF_THE_INSTALLATION.keys()))
def test_every_code_is_brought_about_by_a_test(code):
    tests = "\n".join(path.read_text() for path in sorted((ROOT / "tests" / "dispatch" / "doctor").glob("test_*.py")))
    assert f'"{code}"' in tests
