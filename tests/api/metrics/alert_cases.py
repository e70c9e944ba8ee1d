"""For each alert, series of metrics that mean trouble and series that do not, one value a minute."""

from dataclasses import dataclass, field

CALLS = "provider_call_duration_seconds"


@dataclass(frozen=True)
class Case:
    """What Prometheus has read, and what the alert says of it after so many minutes."""

    alert: str
    #: Values as promtool writes them: `0+2x5` is 0, 2, 4, 6, 8, 10.
    series: dict[str, str]
    minute: int
    #: What it says; None where it must not fire.
    summary: str | None = None
    labels: dict[str, str] = field(default_factory=dict)


def of_two_webs(name: str, values: str, other: str | None = None, **labels: str) -> dict[str, str]:
    """Returns the series of what two webs tell, of the whole deployment both, so that they say the same."""
    written = "".join(f'{label}="{value}", ' for label, value in labels.items())
    return {
        f'campaign_dispatch_{name}{{{written}instance="a"}}': values,
        f'campaign_dispatch_{name}{{{written}instance="b"}}': other or values,
    }


def calls(provider: str, **of_outcome: str) -> dict[str, str]:
    """Returns the counts of a provider's calls by what they were answered."""
    return {
        f'campaign_dispatch_{CALLS}_count{{provider="{provider}", outcome="{outcome}", instance="w"}}': values
        for outcome, values in of_outcome.items()
    }


def took(provider: str, **within: str) -> dict[str, str]:
    """Returns the buckets of a provider's calls: 0.5, 10 and infinite seconds."""
    limits = {"fast": "0.5", "slow": "10.0", "all": "+Inf"}
    return {
        f'campaign_dispatch_{CALLS}_bucket{{provider="{provider}", outcome="accepted", le="{limits[limit]}"}}': values
        for limit, values in within.items()
    }


def answered(**of_status: str) -> dict[str, str]:
    """Returns the counts of a web's requests by status."""
    return {
        f'campaign_dispatch_http_requests_total{{method="GET", route="/api/campaigns", status="{status[1:]}"}}': values
        for status, values in of_status.items()
    }


TROUBLE = [
    Case(
        "CampaignDispatchServerAway",
        of_two_webs("up", "1 0x10", server="redis") | of_two_webs("up", "1x11", server="postgresql"),
        5,
        "redis does not answer web.",
        {"server": "redis"},
    ),
    # One of two webs cannot reach it, so a part of the requests is refused.
    Case(
        "CampaignDispatchServerAway",
        of_two_webs("up", "1x11", "0x11", server="postgresql"),
        5,
        "postgresql does not answer web.",
        {"server": "postgresql"},
    ),
    Case(
        "CampaignDispatchNotScraped",
        {},
        6,
        "Prometheus reads nothing from web.",
    ),
    Case(
        "CampaignDispatchNotScraped",
        of_two_webs("up", "1x3 stale", server="redis"),
        12,
        "Prometheus reads nothing from web.",
    ),
    Case(
        "CampaignsLate",
        of_two_webs("oldest_due_seconds", "0+60x10"),
        9,
        "A campaign is due for 9m 0s and has not started.",
    ),
    Case("SweepStopped", of_two_webs("last_sweep_age_seconds", "10+60x10"), 8, "No sweep has ended for 8m 10s."),
    Case(
        "QueueWithoutWorker",
        of_two_webs("living_processes", "2 0x10", kind="worker", queue="send")
        | of_two_webs("living_processes", "1x11", kind="worker", queue="house"),
        4,
        "No worker lives for the queue send.",
        {"kind": "worker", "queue": "send"},
    ),
    Case(
        "QueueWithoutWorker",
        of_two_webs("living_processes", "0x11", kind="sweeper", queue=""),
        4,
        "No sweeper lives.",
        {"kind": "sweeper"},
    ),
    Case("CampaignsSetAside", of_two_webs("set_aside_campaigns", "0 3x30"), 20, "3 due campaigns could not start."),
    Case(
        "LeasesExpired",
        of_two_webs("leases_expired_total", "0x19 128x10"),
        22,
        "128 messages lost their worker in mid-call.",
    ),
    # Redis has forgotten what was counted before, and a worker died since.
    Case(
        "LeasesExpired",
        of_two_webs("leases_expired_total", "900x18 0 64x10"),
        22,
        "64 messages lost their worker in mid-call.",
    ),
    Case(
        "UnknownMessages",
        of_two_webs("open_messages", "0 2x90", state="unknown"),
        70,
        "2 messages may or may not have been sent.",
    ),
    Case(
        "ProviderFailing",
        calls("twilio", accepted="0+70x20", unknown="0+20x20", deferred="0+10x20") | calls("vonage", accepted="0+5x20"),
        15,
        "30% of the calls of twilio do not succeed.",
        {"provider": "twilio"},
    ),
    # Nothing is accepted any more, so there are no other calls to compare with.
    Case(
        "ProviderFailing",
        calls("webhook", halted="0+1x20"),
        15,
        "100% of the calls of webhook do not succeed.",
        {"provider": "webhook"},
    ),
    Case(
        "ProviderSlow",
        took("twilio", fast="0+80x30", slow="0+100x30", all="0+100x30"),
        20,
        "One call of twilio in twenty takes more than 7.625s.",
        {"provider": "twilio"},
    ),
    Case(
        "ProviderCircuitOpen",
        of_two_webs("provider_circuits_open", "_ 1x10", provider="twilio"),
        5,
        "Workers leave twilio alone because it failed again and again.",
        {"provider": "twilio"},
    ),
    Case(
        "SenderSlowed",
        of_two_webs("rate_share_ratio", "0.25x30", provider="vonage")
        | of_two_webs("rate_share_ratio", "1x30", provider="twilio"),
        15,
        "A sender of vonage sends at 25% of its rate.",
        {"provider": "vonage"},
    ),
    Case("ReceiptsWait", of_two_webs("oldest_receipt_seconds", "0+60x20"), 10, "Receipts wait 10m 0s to be applied."),
    Case(
        "SweepsMeetLocks",
        of_two_webs("swept_campaigns_total", "0+2x30", outcome="locked"),
        20,
        "Sweeps skipped 30 campaigns that others were starting.",
    ),
    Case(
        "SendQueueGrows",
        of_two_webs("queue_jobs", "600x30", queue="send"),
        25,
        "More than 600 send jobs have waited for 15 minutes.",
    ),
    Case("WebErrors", answered(_200="0+95x20", _503="0+5x20"), 15, "5% of the requests fail."),
    Case(
        "MetricsTooSlow",
        of_two_webs("part_read", "0x30", part="messages") | of_two_webs("part_read", "1x30", part="leases"),
        15,
        "The part messages of the metrics cannot be read in time.",
        {"part": "messages"},
    ),
]

# Each is looked at while it looks worst.
QUIET = [
    # A restart takes a minute.
    Case("CampaignDispatchServerAway", of_two_webs("up", "1 0 1x10", server="redis"), 2),
    # A web that answers is scraped, even when its servers are away.
    Case("CampaignDispatchNotScraped", of_two_webs("up", "0x20", server="redis"), 15),
    Case("CampaignDispatchNotScraped", of_two_webs("up", "1x3 stale _x20", "1x25", server="redis"), 15),
    # Between two sweeps.
    Case("CampaignsLate", of_two_webs("oldest_due_seconds", "0 55 0 55 0 55 0 55 0 55"), 9),
    Case("CampaignsLate", of_two_webs("oldest_due_seconds", "0x5 310 0x5"), 5),
    Case("SweepStopped", of_two_webs("last_sweep_age_seconds", "5 58 2 55 3 57 1 59"), 7),
    # Redis has forgotten when the last one was.
    Case("SweepStopped", {}, 7),
    Case("QueueWithoutWorker", of_two_webs("living_processes", "2 1x10", kind="worker", queue="send"), 9),
    Case("CampaignsSetAside", of_two_webs("set_aside_campaigns", "0 1x8 0x20"), 9),
    Case("LeasesExpired", of_two_webs("leases_expired_total", "128x30"), 25),
    # Redis has forgotten everything.
    Case("LeasesExpired", of_two_webs("leases_expired_total", "128x20 0x10"), 25),
    # Receipts have decided after half an hour; the next ones are others.
    Case("UnknownMessages", of_two_webs("open_messages", "0 2x30 0 3x40", state="unknown"), 70),
    Case("UnknownMessages", of_two_webs("open_messages", "5000x90", state="pending"), 80),
    Case("ProviderFailing", calls("twilio", accepted="0+85x20", deferred="0+5x20", rejected="0+60x20"), 15),
    # In a quiet night one call fails.
    Case("ProviderFailing", calls("twilio", accepted="40x40", unknown="0x20 1x20"), 25),
    Case("ProviderSlow", took("twilio", fast="0+98x30", slow="0+100x30", all="0+100x30"), 20),
    Case("ProviderCircuitOpen", of_two_webs("provider_circuits_open", "_ 1 _x10", provider="twilio"), 7),
    Case("SenderSlowed", of_two_webs("rate_share_ratio", "1 0.25 0.6 1 0.5 0.7 0.25 1x30", provider="vonage"), 12),
    Case("ReceiptsWait", of_two_webs("oldest_receipt_seconds", "0 2 1 70 3 0x20"), 4),
    Case("SweepsMeetLocks", of_two_webs("swept_campaigns_total", "0x5 1x5 2x10", outcome="locked"), 20),
    # One of many starts that others do is no lock.
    Case("SweepsMeetLocks", of_two_webs("swept_campaigns_total", "0+20x30", outcome="started"), 20),
    # A campaign of a million is taken in, and sent.
    Case("SendQueueGrows", of_two_webs("queue_jobs", "900x10 40x10 900x10", queue="send"), 29),
    Case("SendQueueGrows", of_two_webs("queue_jobs", "900x40", queue="prepare"), 35),
    Case("WebErrors", answered(_200="0+1000x20", _404="0+300x20", _500="0+2x20"), 15),
    Case("MetricsTooSlow", of_two_webs("part_read", "1 0 0 0 1x30", part="messages"), 4),
]
CASES = [*TROUBLE, *QUIET]
