"""Prints what failed when it fails: the summary at the end is never written by a run that is cut off."""

import pytest


class PrintedAtOnce:
    """Writes the name and the reason of each failed test between the dots."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for every phase of every test, by xdist's controller too."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            reason = getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longreprtext)
            terminal.ensure_newline()
            terminal.write_line(f"{report.nodeid} failed in its {report.when}: {reason}"[:1000], red=True)


def print_failures_at_once(config: pytest.Config) -> None:
    """Registers it, in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(PrintedAtOnce(config), "failures at once")
