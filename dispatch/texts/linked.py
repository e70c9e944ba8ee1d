"""Puts links into texts: the link of each message when it is prepared, and a sample of the same length before that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from dispatch.errors import LinksNotConfigured
from dispatch.links.addresses import Links, links_of, sample_links
from dispatch.texts.sms import weigh
from dispatch.texts.template import LINK, PLACEHOLDER, CompiledTemplate
from dispatch.texts.tracking import links_in
from dispatch.texts.variants import templates_of
from models.campaigns.campaign import Campaign


@dataclass(frozen=True, slots=True)
class MessageLinks:
    """The links of the messages of one campaign."""

    links: Links
    campaign_id: int

    def writer(self, field: str) -> Callable[[int], tuple[str, int]]:
        """Returns what writes this link of a text, with its weight, for the message with a number."""
        link = int(field.removeprefix(LINK))
        beginning, campaign_id, code = self.links.beginning(link), self.campaign_id, self.links.code
        weight = weigh(self.links.sample(link))
        return lambda n: (beginning + code(campaign_id, n, link), weight)


def text_of(campaign: Campaign, template: CompiledTemplate) -> CompiledTemplate:
    """Returns a text for the campaign as it is shown before it has messages.

    LinksNotConfigured when it has links and there can be none.
    """
    return _readable(links_in(campaign, [template])[0].template, campaign.account_id)


def texts_of(campaign: Campaign, *, mark: str = "") -> list[CompiledTemplate]:
    """Returns the campaign's text, or all that it compares, and what else fills its template, in the same way.

    The value of each placeholder stands between two marks, if there is one (`models/messages/parameters.py`).
    """
    templates = templates_of(campaign, mark=mark)
    return [_readable(found.template, campaign.account_id) for found in links_in(campaign, templates)]


def _readable(template: CompiledTemplate, account_id: UUID) -> CompiledTemplate:
    return with_samples(template, links_of(account_id)) if template.links else template


def sampled(template: CompiledTemplate, account_id: UUID | None) -> tuple[CompiledTemplate, str | None]:
    """Returns the template with samples for its links, invented ones where there can be none yet, and why."""
    try:
        return (_readable(template, account_id) if account_id else with_samples(template, sample_links())), None
    except LinksNotConfigured as refusal:
        return with_samples(template, sample_links()), refusal.message


def with_samples(template: CompiledTemplate, links: Links) -> CompiledTemplate:
    """Returns the template with the sample of each of its links as part of the text."""
    fields = iter(field for field, _ in template.filling)

    def shown(found: str) -> str:
        if found != "%s" or not (field := next(fields)).startswith(LINK):
            return found
        return links.sample(int(field.removeprefix(LINK))).replace("%", "%%")

    frame = PLACEHOLDER.sub(lambda found: shown(found[0]), template.frame)
    values = tuple((field, filters) for field, filters in template.filling if not field.startswith(LINK))
    return replace(template, frame=frame, filling=values)
