"""Progress on standard error: one line for each stage of a run."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Show:
    """Shows the stages of a run with so many recipients, until the end of the block."""

    def __init__(self, recipients: int) -> None:
        self._recipients = recipients
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
        self._stages: dict[str, TaskID] = {}

    def __enter__(self) -> "Show":
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._bars.stop()

    def said(self, what: str) -> None:
        """Shows that a stage without a count has begun."""
        self._stage(what, total=None)

    def counted(self, what: str, done: int) -> None:
        """Shows how many a stage has done."""
        self._bars.update(self._stage(what, total=self._recipients), completed=done)

    def _stage(self, what: str, total: int | None) -> TaskID:
        if what not in self._stages:
            for former in self._stages.values():
                self._bars.stop_task(former)
            self._stages[what] = self._bars.add_task(what, total=total)
        return self._stages[what]
