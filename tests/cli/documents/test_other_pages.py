"""The pages that speak of an account that is there already: each is typed from top to bottom, in a new database."""

import re
import shlex
import subprocess

import pytest

from embedded.servers import child_environment
from tests.cli.documents.blocks import ROOT, commands, matches, steps
from tests.cli.documents.exceptions import is_exception
from tests.cli.documents.pages import OTHER_PAGES, arranged

# A value that a page shows cut short, as in `webhook test 5d0c…`, is the last one that was printed under this name.
_CUT_SHORT = re.compile(r"\b[0-9a-f]{4}…")


class Typist:
    """Types commands in one directory, those of the product inside this process, which is fast."""

    def __init__(self, cli, directory, arranged):
        self.cli, self.directory, self.arranged = cli, directory, arranged
        self.last_id = ""

    def type(self, step):
        printed = "".join(self.run(command) for command in commands(step.script) if not is_exception(command))
        if step.output is not None:
            shown = _CUT_SHORT.sub("…", step.output)
            assert matches(shown, printed), f"The page shows\n{shown}\nand it prints\n{printed}"

    def run(self, command):
        for text, here in self.arranged.named.items():
            command = command.replace(text, here)
        command = _CUT_SHORT.sub(self.last_id, command)
        if not command.startswith("python -m cli "):
            return self.run_in_a_shell(command)
        return "".join(self.run_verb(part) for part in command.replace("\\\n", " ").split(" && "))

    def run_verb(self, command):
        answer = self.cli(*shlex.split(command, comments=True)[3:], input=self.arranged.typed)
        [status, *_] = [status for start, status in self.arranged.statuses.items() if command.startswith(start)] or [0]
        assert answer.status == status, f"{command}\n{answer.stdout}{answer.stderr}"
        if made := re.search(r'"id": "([^"]+)"', answer.stdout):
            self.last_id = made[1]
        return answer.stdout

    def run_in_a_shell(self, command):
        ended = subprocess.run(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", command],
            cwd=self.directory,
            env=child_environment(HOME=str(self.directory)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, command + ended.stdout + ended.stderr
        return ended.stdout


@pytest.mark.parametrize("page", OTHER_PAGES)
def test_what_the_page_says_works_in_its_order(page, cli, configure, tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    configure(PRIVATE_NETWORKS="127.0.0.0/8", PUBLIC_URL="https://campaigns.example.com")
    with arranged(page, tmp_path) as found:
        typist = Typist(cli, tmp_path, found)
        for step in steps(page):
            typist.type(step)
