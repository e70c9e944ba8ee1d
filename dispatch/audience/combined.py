"""A combined audience as it is asked for: lists and segments together, minus others."""

from collections.abc import Sequence
from itertools import chain

from pydantic import BaseModel, ConfigDict, Field

from dispatch.errors import InvalidRequest
from models.campaigns.audience_parts import MAX_PARTS, NewPart


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Excluded(_Asked):
    """Lists and segments whose people get nothing."""

    lists: list[int] = Field([], description="ids of lists")
    segments: list[int] = Field([], description="ids of segments")


class Included(Excluded):
    """Lists and segments, of which a person may be in any, or everyone subscribed."""

    everyone: bool = Field(False, description="every subscribed customer, instead of lists and segments")


class Combined(_Asked):
    """Everyone who is in a list or segment of `include` and in none of `exclude`; at most 20 parts in all."""

    include: Included
    exclude: Excluded = Excluded()


def parts_of(asked: Combined | None) -> list[NewPart]:
    """Returns the parts to write, each once; InvalidRequest when they are none, too many or contradict each other."""
    if asked is None:
        return []
    include, exclude = asked.include, asked.exclude
    if include.everyone and (include.lists or include.segments):
        raise InvalidRequest(
            "Everyone subscribed includes them already; name either everyone, or lists and segments.",
            field="combined.include",
        )
    included = [NewPart("include", "everyone")] if include.everyone else _named("include", include)
    if not included:
        raise InvalidRequest(
            "Name at least one list or segment to include, or everyone.",
            field="combined.include",
        )
    parts = [*included, *_named("exclude", exclude)]
    if len(parts) > MAX_PARTS:
        raise InvalidRequest(
            f"An audience has at most {MAX_PARTS} lists and segments; given: {len(parts)}.", field="combined"
        )
    _check_apart("list", include.lists, exclude.lists)
    _check_apart("segment", include.segments, exclude.segments)
    return parts


def _named(role: str, named: Excluded) -> list[NewPart]:
    lists = (NewPart(role, "list", list_id=each) for each in dict.fromkeys(named.lists))
    segments = (NewPart(role, "segment", segment_id=each) for each in dict.fromkeys(named.segments))
    return list(chain(lists, segments))


def _check_apart(kind: str, included: Sequence[int], excluded: Sequence[int]) -> None:
    if both := sorted(set(included) & set(excluded)):
        raise InvalidRequest(
            f"The {kind} {both[0]} is both included and excluded; leave it out of one of them.",
            field=f"combined.exclude.{kind}s",
        )
