"""Why something does not move: what `doctor` says of each campaign and, for operators, of the installation."""

from flask import Response

from api.console.blueprint import console
from api.console.rendering import page
from api.http.auth import caller, holder
from dispatch.doctor.codes import OF_CAMPAIGNS, OF_THE_INSTALLATION
from dispatch.doctor.diagnosis import CampaignDiagnosis, diagnose


@console.page("/doctor")
def doctor() -> Response:
    """The campaigns that a person has to do something for first, then those that wait, then those that move."""
    found = diagnose(caller(), installation=holder().operator)
    needy = {each.id for each in found.campaigns if _needs_person(each)}
    return page(
        "doctor.html",
        title="What holds things up",
        found=found,
        groups=[
            ("Waiting for you", [each for each in found.campaigns if each.id in needy]),
            ("Waiting, and goes on by itself", [each for each in found.campaigns if _only_waits(each)]),
            ("Moving", [each for each in found.campaigns if each.moving]),
        ],
        needs_person={code for code, means in OF_THE_INSTALLATION.items() if means.needs_person},
    )


def _needs_person(campaign: CampaignDiagnosis) -> bool:
    return any(OF_CAMPAIGNS[reason.code].needs_person for reason in campaign.reasons)


def _only_waits(campaign: CampaignDiagnosis) -> bool:
    return not campaign.moving and not _needs_person(campaign)
