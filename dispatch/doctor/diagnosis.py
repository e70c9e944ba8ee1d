"""What `doctor` answers: every campaign that is not settled with its reasons, and the state of the installation."""

from collections.abc import Sequence

from pydantic import Field

from dispatch.caller import Caller
from dispatch.doctor.codes import OF_CAMPAIGNS, OF_THE_INSTALLATION, Code, Reason, of_installation
from dispatch.doctor.facts import Facts, facts_about
from dispatch.doctor.installation import about_disks, about_installation, about_redis, about_schema
from dispatch.doctor.paused import why_paused
from dispatch.doctor.redis_state import redis_state
from dispatch.doctor.sending import ends_at, is_moving, why_not_sent, why_not_settled
from dispatch.doctor.starting import why_failed, why_no_occurrence, why_not_prepared, why_not_started
from dispatch.doctor.winners import why_held_back
from dispatch.formats.view import Time, View
from models.campaigns.condition import Condition, conditions
from models.migrate import schema_gap
from models.unreachable import why_unreachable

# Those that should move now come first; more than this no one reads.
MAX_CAMPAIGNS = 1000


class CampaignDiagnosis(View):
    """One campaign that is not settled: whether it moves, otherwise why not, and when it will end."""

    id: int
    name: str
    status: str
    moving: bool
    reasons: list[Reason] = Field(description="why it does not move; empty while it does")
    timezone: str = Field(description="IANA zone in which reasons name times: the campaign's own or its account's")
    ends_at: Time | None = Field(description="when it will have sent everything, if it moves or waits only for a time")


class Diagnosis(View):
    """What holds up campaigns, and what the installation lacks."""

    ok: bool = Field(description="false when something waits for a person")
    campaigns: list[CampaignDiagnosis]
    campaigns_left_out: bool = Field(False, description="whether there are more campaigns than are listed")
    installation: list[Reason] = Field(description="for operators; empty for the keys of accounts")


def diagnose(caller: Caller, *, installation: bool) -> Diagnosis:
    """Returns the diagnosis of the caller's campaigns and, for operators, of the `installation`."""
    found = conditions(caller.account, limit=MAX_CAMPAIGNS + 1)
    facts = facts_about(found)
    return _diagnosis(
        [_examined(each, facts) for each in found[:MAX_CAMPAIGNS]],
        about_installation(facts) if installation else [],
        left_out=len(found) > MAX_CAMPAIGNS,
    )


def without_schema() -> Diagnosis | None:
    """Returns the diagnosis of an installation whose database is older than this release; None if it is not."""
    gap = schema_gap()
    if not gap.pending:
        return None
    return _diagnosis([], [*about_schema(gap), *about_redis(redis_state()), *about_disks()])


def without_database(problem: Exception) -> Diagnosis:
    """Returns the diagnosis of an installation whose database cannot be used because of this problem."""
    why = why_unreachable(problem) or "PostgreSQL does not answer; see DATABASE_URL."
    away = of_installation("database_away", f"{why} Nothing is sent until it is back.")
    return _diagnosis([], [away, *about_redis(redis_state()), *about_disks()])


def _diagnosis(campaigns: list[CampaignDiagnosis], installation: list[Reason], *, left_out: bool = False) -> Diagnosis:
    reasons = [reason for each in campaigns for reason in each.reasons]
    return Diagnosis(
        ok=not _any_needs_person(reasons, OF_CAMPAIGNS) and not _any_needs_person(installation, OF_THE_INSTALLATION),
        campaigns=campaigns,
        campaigns_left_out=left_out,
        installation=installation,
    )


def _any_needs_person(reasons: Sequence[Reason], codes: dict[str, Code]) -> bool:
    return any(codes[reason.code].needs_person for reason in reasons)


def _examined(campaign: Condition, facts: Facts) -> CampaignDiagnosis:
    moving = campaign.status == "sending" and is_moving(campaign, facts)
    reasons = [] if moving else _reasons(campaign, facts)
    if campaign.status == "preparing" and not reasons:
        moving = True
    return CampaignDiagnosis(
        id=campaign.id,
        name=campaign.name,
        status=campaign.status,
        moving=moving,
        reasons=reasons,
        timezone=campaign.zone,
        ends_at=ends_at(campaign, facts, reasons) if campaign.status == "sending" else None,
    )


def _reasons(campaign: Condition, facts: Facts) -> list[Reason]:
    match campaign.status:
        case "draft" | "scheduled":
            return why_not_started(campaign, facts)
        case "preparing":
            return why_not_prepared(campaign, facts)
        case "sending":
            return why_not_sent(campaign, facts)
        case "recurring":
            return why_no_occurrence(campaign, facts)
        case "paused":
            return [why_paused(campaign)]
        case "failed":
            return [why_failed(campaign)]
        case _:
            open_ = [] if campaign.settled else why_not_settled(campaign, facts)
            return [*open_, *why_held_back(campaign, facts)]
