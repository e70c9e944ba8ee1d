"""Who a campaign is for, as the form has it: lists and segments minus others, chosen customers, or remote users."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.console import forms
from api.console.inputs import typed_ids
from dispatch.audience.combined import Combined, Excluded, Included
from dispatch.audience.conditions import RemoteFilter, read_conditions
from dispatch.campaigns.view import CampaignView, PartsView
from dispatch.errors import InvalidRequest
from dispatch.formats.strict_json import loads

#: A choice of more customers than this is not shown in the form, and stays unless something else is chosen.
MOST_CUSTOMERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenAudience:
    """What the fields of the form contain."""

    everyone: bool = False
    lists: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()
    except_lists: tuple[int, ...] = ()
    except_segments: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()
    #: The conditions of a remote audience, as JSON.
    remote: str = ""
    #: What lists and segments to choose from, and customers, are searched for.
    find: str = ""
    find_customers: str = ""

    @classmethod
    def of_form(cls) -> "ChosenAudience":
        """Returns what was chosen; InvalidRequest when an id is none."""
        ids = ("lists", "segments", "except_lists", "except_segments", "customers")
        return cls(
            everyone="everyone" in forms.sent(),
            **{name: tuple(typed_ids(name)) for name in ids},
            remote=forms.typed("remote").strip(),
            find=forms.typed("find").strip(),
            find_customers=forms.typed("find_customers").strip(),
        )

    @classmethod
    def of_campaign(cls, campaign: CampaignView, customers: Sequence[int]) -> "ChosenAudience":
        """Returns what the form shows of the audience of a campaign, which `customers` were chosen for."""
        audience = campaign.audience
        if audience is None or not is_shown(campaign):
            return cls()
        include, exclude = audience.include or PartsView(), audience.exclude or PartsView()
        one_list = [audience.list_id] if audience.list_id else []
        one_segment = [audience.segment_id] if audience.segment_id else []
        conditions = {"conditions": audience.conditions}
        return cls(
            everyone=audience.kind == "everyone" or include.everyone,
            lists=(*one_list, *include.lists),
            segments=tuple(each for each in (*one_segment, *include.segments) if each),
            except_lists=tuple(exclude.lists),
            except_segments=tuple(each for each in exclude.segments if each),
            customers=tuple(sorted(customers)),
            remote=json.dumps(conditions, ensure_ascii=False, indent=1) if audience.kind == "remote" else "",
        )

    @property
    def is_chosen(self) -> bool:
        """Whether anyone is chosen."""
        return bool(self.everyone or self.lists or self.segments or self.customers or self.remote)

    def is_like(self, shown: "ChosenAudience") -> bool:
        """Returns whether it has the same people as what the form showed."""
        return replace(self, find="", find_customers="") == shown

    def as_fields(self) -> dict[str, Any]:
        """Returns the audience in its simplest kind, as a draft names it; InvalidRequest for what cannot be used."""
        if self.customers or self.remote:
            return self._alone()
        parts = (self.lists, self.segments, self.except_lists, self.except_segments)
        match self.everyone, *map(list, parts):
            case False, [], [], _, _:
                if self.except_lists or self.except_segments:
                    raise InvalidRequest("Choose who gets it before you leave people out.", field="except")
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

    def _alone(self) -> dict[str, Any]:
        """Returns an audience of chosen customers or of remote users, neither of which goes with another."""
        name, words = ("customers", "Chosen customers") if self.customers else ("remote", "Users of user-service")
        if self != ChosenAudience(**{name: getattr(self, name)}, find=self.find, find_customers=self.find_customers):
            raise InvalidRequest(
                f"{words} are an audience of their own; leave out everyone else, or put them on a list.", field=name
            )
        if self.customers:
            return {"customer_ids": list(self.customers)}
        return {"remote": self._conditions()}

    def _conditions(self) -> RemoteFilter:
        try:
            given = loads(self.remote)
        except ValueError as problem:
            raise InvalidRequest(f"The conditions are not JSON: {problem}.", field="remote") from None
        return read_conditions(given)


def is_shown(campaign: CampaignView) -> bool:
    """Returns whether the form shows the audience of the campaign, and leaves it as it is otherwise."""
    audience = campaign.audience
    if audience is None or audience.kind != "customers":
        return audience is None or audience.kind != "numbers"
    return audience.customers <= MOST_CUSTOMERS
