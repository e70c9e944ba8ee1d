"""When a scheduled campaign starts, in words, and how late that can be."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from cli.shared.output import wants_json
from config.settings import settings


def say_when_it_starts(at: datetime | None, zone: str | None = None) -> None:
    """Tells people, on the clocks of the zone or of the time itself, and how long the sweep may take to notice."""
    if at is None or wants_json():
        return
    shown = at.astimezone(ZoneInfo(zone)) if zone else at
    name = getattr(shown.tzinfo, "key", None) or f"{shown:%z}"
    seconds = settings().schedule_sweep_interval_ms / 1000
    click.echo(
        f"It starts on {shown:%a %d %b %Y at %H:%M} {name}, or up to {seconds:g} s later: "
        "that is how often due campaigns are looked for (SCHEDULE_SWEEP_INTERVAL_MS).",
        err=True,
    )
