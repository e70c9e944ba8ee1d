"""A file of numbers that must not be messaged: what is in it is suppressed, and nothing else."""

from io import BytesIO

import pytest

from dispatch.customers.suppression_files import entries_in_csv, import_suppressions
from dispatch.formats.csv_in import lines_of
from tests.factories import an_account, asking


@pytest.fixture
def account(db):
    return an_account(country="GR").id


def test_what_is_left_of_a_broken_record_suppresses_nobody(account):
    text = 'phone,reason\n6912340001,"ask wife first\n6912340002\n6912340003,left\n'
    report = import_suppressions(asking(account), entries_in_csv(lines_of(BytesIO(text.encode()))))
    assert (report.added, report.rejected) == (0, 3)
    assert [each.line for each in report.rejections] == [2, 3, 4]
