"""Which provider the settings choose."""

from config.settings import Settings
from dispatch.providers.choice import provider_for
from dispatch.providers.simulator.in_process import Simulator
from dispatch.providers.simulator.over_http import SimulatorOverHttp


def test_the_simulator_runs_in_process_unless_it_has_an_address(monkeypatch):
    monkeypatch.delenv("SIMULATOR_URL", raising=False)
    assert isinstance(provider_for(Settings()), Simulator)
    monkeypatch.setenv("SIMULATOR_URL", "http://127.0.0.1:8025")
    assert isinstance(provider_for(Settings()), SimulatorOverHttp)


def test_attempts_are_recorded_where_the_settings_say(monkeypatch, tmp_path):
    monkeypatch.delenv("SIMULATOR_URL", raising=False)
    monkeypatch.setenv("SIMULATOR_ATTEMPTS", str(tmp_path / "attempts.jsonl"))
    provider_for(Settings())
    assert (tmp_path / "attempts.jsonl").exists()
