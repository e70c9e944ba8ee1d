"""A campaign as it is written in a form: read from what was typed or from a campaign, and made into either."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

from api.console import forms
from api.console.campaign_form.approved import Approved, typed_text
from api.console.campaign_form.audience import ChosenAudience, is_shown
from api.console.campaign_form.compared import Compared
from api.console.campaign_form.stored import name_of, source_of
from api.console.campaign_form.timed import Timed
from api.console.inputs import typed_number
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.rules import standing_of
from dispatch.campaigns.view import CampaignView
from dispatch.channels.templates import OfferedTemplateView
from dispatch.texts.stored import TemplateView
from dispatch.texts.typography import with_replacements


class Read(TypedDict):
    """What a change of a campaign is refused without."""

    revision: int | None
    standing: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the fields of the form contain."""

    name: str = ""
    channel: str = "sms"
    text: str = ""
    compared: Compared = field(default_factory=Compared)
    approved: Approved = field(default_factory=Approved)
    #: The name that a stored text is looked for by, and the id of the one that the text was taken from.
    stored: str = ""
    stored_id: int | None = None
    audience: ChosenAudience = field(default_factory=ChosenAudience)
    purpose: str = "marketing"
    fold: bool = False
    track: bool = False
    timed: Timed = field(default_factory=Timed)
    #: Of the campaign that was opened; None for a new one.
    revision: int | None = None
    #: Its name and times when it was opened.
    standing: str | None = None

    @classmethod
    def of_form(cls, offered: Sequence[OfferedTemplateView]) -> "Written":
        """Returns what was typed, with one of the templates that were `offered`; InvalidRequest when an id is none."""
        channel = forms.typed("channel", "sms")
        text = typed_text(channel, offered)
        return cls(
            name=forms.typed("name"),
            channel=channel,
            text=text,
            compared=Compared.of_form(),
            approved=Approved.of_form(text, offered),
            stored=forms.typed("stored").strip(),
            stored_id=typed_number("stored_id"),
            audience=ChosenAudience.of_form(),
            purpose=forms.typed("purpose", "marketing"),
            fold="fold" in forms.sent(),
            track="track" in forms.sent(),
            timed=Timed.of_form(),
            revision=typed_number("revision"),
            standing=forms.typed("standing") or None,
        )

    @classmethod
    def of_campaign(
        cls, campaign: CampaignView, timed: Timed, offered: Sequence[OfferedTemplateView], customers: Sequence[int]
    ) -> "Written":
        """Returns what the form shows of a campaign that is saved, with these times and these chosen customers."""
        return cls(
            name=campaign.name,
            channel=campaign.channel,
            text=campaign.base_template,
            compared=Compared.of_campaign(campaign),
            approved=Approved.of_campaign(campaign, offered),
            stored=name_of(campaign.template_id),
            stored_id=campaign.template_id,
            audience=ChosenAudience.of_campaign(campaign, customers),
            purpose=campaign.purpose,
            fold=campaign.fold_typography,
            track=campaign.track_links,
            timed=timed,
            revision=campaign.revision,
            standing=standing_of(campaign),
        )

    def read(self) -> Read:
        """Returns what was read of the campaign when its form was opened."""
        return {"revision": self.revision, "standing": self.standing}

    @property
    def template(self) -> Approved:
        """The WhatsApp template, which no other channel has."""
        return self.approved if self.channel == "whatsapp" else Approved()

    def texts(self) -> list[str]:
        """Returns the text, or those that are compared; InvalidRequest when nothing fills a parameter."""
        return [self.template.text(self.text), *self.compared.others]

    def with_replacements(self) -> "Written":
        """Returns it with the characters replaced that make its texts more expensive."""
        return replace(self, text=with_replacements(self.text), compared=self.compared.with_replacements())

    def with_stored(self, stored: TemplateView) -> "Written":
        """Returns it with a stored text instead of its own."""
        channel = stored.channel or self.channel
        return replace(self, channel=channel, text=stored.body, stored=stored.name, stored_id=stored.id)

    def as_draft(self) -> CampaignDraft:
        """Returns it as a new campaign that does not start by itself."""
        return CampaignDraft(
            name=self.name,
            channel=self.channel,
            purpose=self.purpose,
            fold_typography=self.fold,
            track_links=self.track,
            **self._text_fields(),
            **self.template.as_fields(),
            **self.timed.limits(),
            **self.audience.as_fields(),
        )

    def as_changes(self, campaign: CampaignView, shown: Timed, customers: Sequence[int]) -> dict[str, Any]:
        """Returns it as changes of a campaign, whose form `shown` these times; what it cannot show of it stays."""
        changes: dict[str, Any] = {
            "name": self.name,
            "channel": self.channel,
            "purpose": self.purpose,
            "fold_typography": self.fold,
            "track_links": self.track,
        }
        text = self._text_fields()
        taken_from = text.get("template_id", campaign.template_id)
        if self.texts() == [campaign.base_template] and not campaign.variants and taken_from == campaign.template_id:
            # A text from a stored one stays that.
            text.pop("template", None)
            text.pop("template_id", None)
        changes |= ({"variants": None} if campaign.variants else {}) | text
        changes |= self.template.as_fields() | self.timed.changed_limits(shown)
        if not self.audience.is_like(ChosenAudience.of_campaign(campaign, customers)):
            changes |= self.audience.as_fields() or ({"list_id": None} if is_shown(campaign) else {})
        return changes

    def _text_fields(self) -> dict[str, Any]:
        """Returns the text or the texts as a draft names them; the id of a stored one whose text it still is."""
        fields = self.compared.as_fields(self.texts()[0])
        source = source_of(fields["template"], self.stored_id) if "template" in fields else None
        return {"template_id": source} if source else fields
