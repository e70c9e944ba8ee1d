"""How a rule reads."""

from datetime import UTC, datetime

import pytest

from scheduling.cron import read_cron
from scheduling.rule import Once, Recurring
from scheduling.words import describe
from scheduling.zones import zone_called

ATHENS = zone_called("Europe/Athens")


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("@hourly", "every hour"),
        ("5 * * * *", "every hour at minute 5"),
        ("0 */6 * * *", "every 6 hours"),
        ("0 9 * * *", "every day at 09:00"),
        ("30 18,9 * * *", "every day at 09:30 and 18:30"),
        ("0 9 * * 1", "every Monday at 09:00"),
        ("0 9 * * mon", "every Monday at 09:00"),
        ("0 9 * * 7", "every Sunday at 09:00"),
        ("@weekly", "every Sunday at 00:00"),
        ("0 9 * * 1-5", "every weekday at 09:00"),
        ("0 9 * * sun,sat", "every Saturday and Sunday at 09:00"),
        ("0 9 1 * *", "on day 1 of every month at 09:00"),
        ("0 9 L * *", "on the last day of every month at 09:00"),
        ("0 9 25 12 *", "every year on 25 December at 09:00"),
        ("@yearly", "every year on 1 January at 00:00"),
        ("0 9 1 * 1", "cron 0 9 1 * 1"),
        ("0 9 * 1-3 *", "cron 0 9 * 1-3 *"),
        ("0 9 * * MON#1", "cron 0 9 * * MON#1"),
        ("0 9-17 * * *", "cron 0 9-17 * * *"),
        ("*/7 * * * *", "cron */7 * * * *"),
        ("0 9 31 2,3 *", "cron 0 9 31 2,3 *"),
    ],
)
def test_common_rules_read_as_one_says_them_and_others_stay_as_they_are(cron, words):
    assert describe(Recurring(read_cron(cron), ATHENS)) == f"{words}, Europe/Athens"


def test_a_single_time_is_told_in_its_zone():
    at = datetime(2030, 6, 1, 6, 30, tzinfo=UTC)
    assert describe(Once(at, ATHENS)) == "once on 1 June 2030 at 09:30, Europe/Athens"
