"""The pages that begin with starting everything: each is typed from top to bottom, on a machine of its own."""

import pytest

from tests.cli.documents.blocks import steps
from tests.cli.documents.deployment import machine
from tests.cli.documents.pages import FIRST_PAGES

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_what_the_page_says_works_in_its_order(page):
    with machine() as here:
        for step in steps(page):
            here.type(step)
