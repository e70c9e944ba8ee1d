"""`make screenshots`: pictures of the console for the README, on the data of a demo that it starts and ends."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, sync_playwright

PICTURES = Path(__file__).parent.parent.parent / "docs" / "screenshots"
DESKTOP, PHONE = (1280, 860), (390, 844)
# File, page, size, scheme, and what is on the page once it can be shown.
SHOTS = (
    ("campaigns.png", "/console/campaigns", DESKTOP, "light", "Everything is 20% off"),
    ("campaign.png", "/console/campaigns/1", DESKTOP, "dark", "How far people came"),
    ("writing.png", "/console/campaigns/3/edit", DESKTOP, "light", "Excluded:"),
    ("phone.png", "/console/campaigns", PHONE, "dark", "Everything is 20% off"),
)


def main() -> None:
    """Starts a demo, takes the pictures, and ends it."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-screenshots-") as directory:
        command = [sys.executable, "-m", "cli", "demo", "--data", f"{directory}/demo"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert demo.stdout
            offer = _offer(demo.stdout)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                _take_all(browser, offer)
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.communicate()


def _offer(lines: IO[str]) -> str:
    for line in lines:
        if found := re.search(r"http://\S+/console/open\?offer=\S+", line):
            return found[0]
    raise SystemExit("The demo ended without an address of the console.")


def _take_all(browser: Browser, offer: str) -> None:
    web = offer.partition("/console")[0]
    opened = browser.new_context()
    opened.new_page().goto(offer)
    for file, path, (width, height), scheme, words in SHOTS:
        shown = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=opened.storage_state()
        ).new_page()
        shown.goto(f"{web}{path}")
        shown.get_by_text(words).first.wait_for()
        shown.screenshot(path=PICTURES / file)


if __name__ == "__main__":
    main()
