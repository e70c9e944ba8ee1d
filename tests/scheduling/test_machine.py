"""Whatever is done with schedules in whatever order, they run when a plain model of them says, by a stopped clock."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from dispatch.audit import audit
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from scheduling.errors import SchedulingError
from scheduling.lifecycle import cancel_schedule, pause_schedule, resume_schedule
from scheduling.registry import register
from scheduling.schedules import update_schedule
from scheduling.tick import tick
from tests.clock import set_clock, stopped_clock
from tests.factories import an_account
from tests.scheduling.schedules import a_schedule, schedule_row

START = datetime(2030, 1, 7, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=10)
# Each expression, and its hours of the day at minute 0.
CRONS = {"0 * * * *": range(24), "0 */6 * * *": (0, 6, 12, 18), "@daily": (0,), "0 9,17 * * *": (9, 17)}

crons = st.sampled_from(sorted(CRONS))
waits = st.integers(1, 60 * 48).map(lambda minutes: timedelta(minutes=minutes))
limits = st.none() | st.integers(1, 6)


@dataclass
class Modelled:
    """What a schedule is expected to be; its times are found by trying hour after hour."""

    cron: str | None
    at: datetime | None
    late_runs: int
    max_runs: int | None
    next: datetime | None = None
    status: str = "active"
    ran: list[datetime] = field(default_factory=list)

    def due(self, start: datetime, end: datetime) -> list[datetime]:
        """The times from `start` on and before `end`."""
        if self.cron is None:
            return [self.at] if self.at and start <= self.at < end else []
        first = start.replace(minute=0, second=0, microsecond=0)
        hours = [first + n * HOUR for n in range(int((end - first) / HOUR) + 2)]
        return [hour for hour in hours if start <= hour < end and hour.hour in CRONS[self.cron]]

    def after(self, time: datetime) -> datetime | None:
        """The first time after this one."""
        return next(
            iter(
                self.due(
                    time + timedelta(seconds=1),
                    datetime.max.replace(tzinfo=UTC) if self.cron is None else time + 49 * HOUR,
                )
            ),
            None,
        )

    def tick(self, now: datetime) -> None:
        """Runs what is due."""
        while self.status == "active" and self.next and self.next <= now:
            late = self.due(self.next, now - GRACE)
            in_time = self.due(max(self.next, now - GRACE), now + timedelta(seconds=1))
            chosen = [*late[len(late) - min(self.late_runs, len(late)) :], *in_time]
            if not chosen:
                self.next = self.after(now)
                if self.next is None:
                    self.status = "failed"
                return
            self.ran.append(chosen[0])
            self.next = self.after(chosen[0])
            if (self.cron is None and chosen[0] == self.at) or len(self.ran) == self.max_runs:
                self.status, self.next = "completed", None


class Schedules(RuleBasedStateMachine):
    """Creates, pauses, resumes, changes and cancels schedules while time passes."""

    made = Bundle("made")

    @initialize()
    def begin(self) -> None:
        rows("DELETE FROM schedule")
        self.account = an_account().id
        self.now = START
        self.model: dict[UUID, Modelled] = {}
        set_clock(self.now)

    @rule(target=made, cron=crons, misfire=st.sampled_from(["skip", "run_once", "run_all"]), max_runs=limits)
    def create_recurring(self, cron: str, misfire: str, max_runs: int | None) -> UUID:
        made = a_schedule(self.account, cron_expression=cron, misfire=misfire, max_runs=max_runs, grace_sec=600)
        late_runs = {"skip": 0, "run_once": 1, "run_all": 10}[misfire]
        return self._modelled(made.id, Modelled(cron, None, late_runs, max_runs))

    @rule(target=made, wait=waits, misfire=st.sampled_from(["skip", "run_once"]))
    def create_single(self, wait: timedelta, misfire: str) -> UUID:
        at = self.now + wait
        made = a_schedule(self.account, scheduled_at=at, misfire=misfire, grace_sec=600)
        return self._modelled(made.id, Modelled(None, at, int(misfire == "run_once"), None))

    def _modelled(self, made: UUID, model: Modelled) -> UUID:
        model.next = model.after(self.now)
        self.model[made] = model
        return made

    @rule(wait=waits)
    def let_time_pass(self, wait: timedelta) -> None:
        self.now += wait
        set_clock(self.now)

    @rule(wait=waits)
    def tick_after_a_while(self, wait: timedelta) -> None:
        self.let_time_pass(wait)
        tick()
        for model in self.model.values():
            model.tick(self.now)
        assert audit(ALL_ACCOUNTS) == []

    @rule(one=made)
    def pause(self, one: UUID) -> None:
        model = self.model[one]
        if self._allowed(model.status == "active", lambda: pause_schedule(self.account, one)):
            model.status, model.next = "paused", None

    @rule(one=made)
    def resume(self, one: UUID) -> None:
        model = self.model[one]
        following = model.after(self.now)
        may = model.status in ("paused", "failed") and following is not None and len(model.ran) != model.max_runs
        if self._allowed(may, lambda: resume_schedule(self.account, one)):
            model.status, model.next = "active", following

    @rule(one=made)
    def cancel(self, one: UUID) -> None:
        model = self.model[one]
        may = model.status in ("active", "paused", "failed")
        if self._allowed(may, lambda: cancel_schedule(self.account, one)):
            model.status, model.next = "cancelled", None

    @rule(one=made, cron=crons)
    def change_the_rule(self, one: UUID, cron: str) -> None:
        model = self.model[one]
        may = model.status in ("active", "paused", "failed")
        if self._allowed(may, lambda: update_schedule(self.account, one, {"cron_expression": cron})):
            same = model.cron == cron
            model.cron, model.at = cron, None
            if model.status == "active" and not same:
                model.next = model.after(self.now)

    def _allowed(self, expected: bool, act) -> bool:
        try:
            act()
        except SchedulingError:
            assert not expected
            return False
        assert expected
        return True

    @invariant()
    def every_schedule_is_as_modelled(self) -> None:
        for made, model in getattr(self, "model", {}).items():
            row = schedule_row(made)
            assert (row["status"], row["next_run_at"], row["run_count"]) == (model.status, model.next, len(model.ran))
            ran = rows("SELECT run_at FROM schedule_run WHERE schedule_id = %s AND status = 'succeeded'", [made])
            assert sorted(each["run_at"] for each in ran) == sorted(model.ran)


@pytest.mark.usefixtures("registering")
def test_schedules_run_as_a_plain_model_of_them_does(db):
    register("note", lambda job: None)
    with stopped_clock():
        run_state_machine_as_test(
            Schedules,
            settings=settings(
                max_examples=40,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
