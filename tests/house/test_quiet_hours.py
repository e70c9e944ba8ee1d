"""docs/hours.md lists the quiet hours of each country that has its own, as the code applies them, with a source."""

import re
from pathlib import Path

from dispatch.hours.quiet import BY_COUNTRY, DEFAULT

_PAGE = (Path(__file__).parents[2] / "docs" / "hours.md").read_text()
LISTED = re.findall(r"^\| ([A-Z]{2}) \| (\d\d:\d\d)-(\d\d:\d\d) \| (.+) \|$", _PAGE, re.MULTILINE)


def test_the_page_lists_each_country_with_its_hours():
    of_the_code = [(country, f"{starts:%H:%M}", f"{ends:%H:%M}") for country, (starts, ends) in BY_COUNTRY.items()]
    assert [(country, starts, ends) for country, starts, ends, _ in LISTED] == of_the_code
    assert f"\n{DEFAULT.starts:%H:%M} to {DEFAULT.ends:%H:%M}, and in these countries" in _PAGE


def test_each_country_has_a_source():
    assert [country for country, _, _, source in LISTED if "](https://" not in source] == []
