"""A campaign as it is written in a form: read from what was typed or from a campaign, and made into either."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.console import forms
from api.console.campaign_form.approved import Approved, typed_text
from api.console.campaign_form.compared import Compared
from api.console.campaign_form.timed import Timed
from api.console.inputs import typed_ids, typed_number
from dispatch.audience.combined import Combined, Excluded, Included
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.view import CampaignView, PartsView
from dispatch.channels.templates import OfferedTemplateView
from dispatch.errors import InvalidRequest
from dispatch.texts.typography import with_replacements

# What the form can choose; any other kind of audience stays as it is unless one of these replaces it.
OF_THE_FORM = (None, "list", "segment", "everyone", "combined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the fields of the form contain."""

    name: str = ""
    channel: str = "sms"
    text: str = ""
    compared: Compared = field(default_factory=Compared)
    approved: Approved = field(default_factory=Approved)
    everyone: bool = False
    lists: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    except_lists: tuple[int, ...] = ()
    except_segments: tuple[int, ...] = ()
    #: What lists and segments to choose from are searched for.
    find: str = ""
    purpose: str = "marketing"
    fold: bool = False
    track: bool = False
    timed: Timed = field(default_factory=Timed)
    #: Of the campaign that was opened; None for a new one.
    revision: int | None = None

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
            everyone="everyone" in forms.sent(),
            lists=tuple(typed_ids("lists")),
            segments=tuple(typed_ids("segments")),
            except_lists=tuple(typed_ids("except_lists")),
            except_segments=tuple(typed_ids("except_segments")),
            find=forms.typed("find").strip(),
            purpose=forms.typed("purpose", "marketing"),
            fold="fold" in forms.sent(),
            track="track" in forms.sent(),
            timed=Timed.of_form(),
            revision=typed_number("revision"),
        )

    @classmethod
    def of_campaign(cls, campaign: CampaignView, timed: Timed, offered: Sequence[OfferedTemplateView]) -> "Written":
        """Returns what the form shows of a campaign that is saved, with these times."""
        audience = campaign.audience
        include = (audience and audience.include) or PartsView()
        exclude = (audience and audience.exclude) or PartsView()
        one_list = [audience.list_id] if audience and audience.list_id else []
        one_segment = [audience.segment_id] if audience and audience.segment_id else []
        return cls(
            name=campaign.name,
            channel=campaign.channel,
            text=campaign.base_template,
            compared=Compared.of_campaign(campaign),
            approved=Approved.of_campaign(campaign, offered),
            everyone=bool(audience and audience.kind == "everyone") or include.everyone,
            lists=(*one_list, *include.lists),
            segments=tuple(each for each in (*one_segment, *include.segments) if each),
            except_lists=tuple(exclude.lists),
            except_segments=tuple(each for each in exclude.segments if each),
            purpose=campaign.purpose,
            fold=campaign.fold_typography,
            track=campaign.track_links,
            timed=timed,
            revision=campaign.revision,
        )

    @property
    def has_audience(self) -> bool:
        """Returns whether anyone is chosen."""
        return bool(self.everyone or self.lists or self.segments)

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

    def as_draft(self) -> CampaignDraft:
        """Returns it as a new campaign that does not start by itself."""
        return CampaignDraft(
            name=self.name,
            channel=self.channel,
            purpose=self.purpose,
            fold_typography=self.fold,
            track_links=self.track,
            **self.compared.as_fields(self.texts()[0]),
            **self.template.as_fields(),
            **self.timed.limits(),
            **self._audience(),
        )

    def as_changes(self, campaign: CampaignView, shown: Timed) -> dict[str, Any]:
        """Returns it as changes of a campaign, whose form `shown` these times; what it cannot show of it stays."""
        changes: dict[str, Any] = {
            "name": self.name,
            "channel": self.channel,
            "purpose": self.purpose,
            "fold_typography": self.fold,
            "track_links": self.track,
        }
        changes |= self.compared.as_changes(self.texts()[0], campaign)
        if changes.get("template") == campaign.base_template and not campaign.variants:
            # A text from a stored one stays that.
            del changes["template"]
        changes |= self.template.as_fields() | self.timed.changed_limits(shown)
        kind = campaign.audience.kind if campaign.audience else None
        if self.has_audience:
            changes |= self._audience()
        elif kind in OF_THE_FORM and kind is not None:
            changes["list_id"] = None
        return changes

    def _audience(self) -> dict[str, Any]:
        """Returns the audience in its simplest kind."""
        parts = (self.lists, self.segments, self.except_lists, self.except_segments)
        match self.everyone, *map(list, parts):
            case False, [], [], _, _:
                if self.except_lists or self.except_segments:
                    raise InvalidRequest("Choose who gets it before you leave people out.", field="lists")
                return {}
            case True, [], [], [], []:
                return {"everyone": True}
            case False, [one], [], [], []:
                return {"list_id": one}
            case False, [], [one], [], []:
                return {"segment_id": one}
        included = Included(everyone=self.everyone, lists=list(self.lists), segments=list(self.segments))
        excluded = Excluded(lists=list(self.except_lists), segments=list(self.except_segments))
        return {"combined": Combined(include=included, exclude=excluded)}
