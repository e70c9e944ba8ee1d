"""What docs/kannel.md has people write into kannel.conf is what a real Kannel reads, and our texts leave through it."""

import re

import pytest

from dispatch.providers import Answer
from tests.cli.documents.blocks import ROOT
from tests.dispatch.providers.real_kannel import INSTALLED, real_kannel, sent
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not INSTALLED, reason="Debian's packages kannel and kannel-extras are not installed"),
]

# Another operator, other ports, and where the logs are: the only things that the test may change.
FAKE_OPERATOR = "group = smsc\nsmsc = fake\nsmsc-id = FAKE\nport = {smsc}\nconnect-allow-ip = 127.0.0.1\n"


def configuration():
    [found] = re.findall(r"```ini\n(.*?)```", (ROOT / "docs/kannel.md").read_text(), re.DOTALL)
    assert "{" not in found
    found = re.sub(r"group = smsc\n.*?\n(?=\n)", FAKE_OPERATOR, found, flags=re.DOTALL)
    for name, gap in {"admin-port": "admin", "smsbox-port": "boxes", "sendsms-port": "sendsms"}.items():
        found, changed = re.subn(rf"(?m)^{name} = \d+$", f"{name} = {{{gap}}}", found)
        assert changed == 1, name
    return found.replace("ADMIN-PASSWORD", "admin")


def test_a_text_leaves_through_a_kannel_that_is_set_up_as_the_page_says(tmp_path):
    with real_kannel(tmp_path, described=configuration()) as kannel:
        user = {"username": "acme", "password": "SENDSMS-PASSWORD"}
        assert sent(kannel, "Hi there", **user) == Answer("accepted")
        wait_until(lambda: "Acme +306912345678 text Hi there" in kannel.received(), "the text has arrived")
