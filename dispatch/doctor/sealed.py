"""Credentials of providers and secrets of webhooks that the present keys cannot open."""

from config.settings import settings
from dispatch.doctor.codes import Reason, of_installation
from dispatch.doctor.words import listed
from dispatch.providers.sealing import beginnings
from models.providers.provider import Provider
from models.webhooks.webhook import Webhook


def secrets_unreadable() -> list[Reason]:
    """Returns one reason for everything that was sealed with a key which this process does not have."""
    ours = beginnings(settings().provider_keys)
    named = [f"provider {each.name} ({each.label})" for each in Provider.sealed_otherwise(ours)]
    named += [f"webhook {each.id}" for each in Webhook.sealed_otherwise(ours)]
    if not named:
        return []
    text = (
        f"PROVIDER_KEY cannot open what is stored for {listed(named)}: they were sealed with a key that is not in it. "
        "Add that key after the first one, here and in every process; where it is lost, remove them and add them again."
    )
    return [of_installation("secrets_unreadable", text)]
