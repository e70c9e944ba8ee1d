"""Send windows, as people write them."""

from datetime import time

import pytest

from dispatch.errors import InvalidRequest
from dispatch.hours.window import SendWindow, read_window

NINE, SIX = time(9), time(18)


@pytest.mark.parametrize(
    ("text", "window", "normal"),
    [
        ("Mon-Fri 09:00-18:00", SendWindow(frozenset(range(5)), NINE, SIX), "Mon-Fri 09:00-18:00"),
        (" mon - FRI   9:00 – 18:00 ", SendWindow(frozenset(range(5)), NINE, SIX), "Mon-Fri 09:00-18:00"),
        ("09:00-18:00", SendWindow(frozenset(range(7)), NINE, SIX), "09:00-18:00"),
        ("Wed, Mon 10:00-12:00", SendWindow(frozenset({0, 2}), time(10), time(12)), "Mon,Wed 10:00-12:00"),
        ("Sat-Sun", SendWindow(frozenset({5, 6}), time.min, None), "Sat-Sun"),
        ("Sun", SendWindow(frozenset({6}), time.min, None), "Sun"),
        (
            "Fri-Mon,Wed 20:00-24:00",
            SendWindow(frozenset({4, 5, 6, 0, 2}), time(20), None),
            "Mon,Wed,Fri-Sun 20:00-24:00",
        ),
        ("00:00-24:00", SendWindow(frozenset(range(7)), time.min, None), "Mon-Sun"),
    ],
)
def test_a_window_is_read_and_written_in_its_normal_form(text, window, normal):
    assert read_window(text) == window
    assert str(window) == normal
    assert read_window(normal) == window


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "cannot be read"),
        ("always", "cannot be read"),
        ("Mon-Fri 9-18", "cannot be read"),
        ("Mon-Fri 09:00", "cannot be read"),
        ("Mon-Fri09:00-18:00", "cannot be read"),
        ("09:00-18:00 Mon", "cannot be read"),
        ("Mon,,Tue", "cannot be read"),
        ("٠٩:٠٠-١٨:٠٠", "cannot be read"),
        ("Mun-Fri 09:00-18:00", "'Mun' is no day"),
        ("Mon-Wed-Fri", "'Mon-Wed-Fri' is no range of days"),
        ("25:00-26:00", "25:00 is no time of the day"),
        ("09:00-18:60", "18:60 is no time of the day"),
        ("24:00-24:00", "24:00 is no time of the day"),
        ("22:00-02:00", "22:00-02:00 ends before it begins"),
        ("18:00-00:00", "write 24:00 for the end of the day"),
        ("09:00-09:00", "09:00-09:00 ends before it begins"),
        ("x" * 5000, "cannot be read"),
    ],
)
def test_what_is_no_window_is_refused_with_the_reason(text, because):
    with pytest.raises(InvalidRequest, match=because) as refusal:
        read_window(text)
    assert refusal.value.details == {"field": "send_window"}
    assert len(refusal.value.message) < 200
