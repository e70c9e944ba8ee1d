"""How many people each part of a combined audience adds to it or takes out of it."""

from pydantic import Field

from dispatch.audience.combined_sql import filter_of, list_parameter
from dispatch.audience.cost import limited
from dispatch.audience.filter_sql import Params, where_matches
from dispatch.audience.members import Audience, members_of
from dispatch.formats.view import View
from models.campaigns.audience_parts import PartToSelect
from models.database import one


class PartCountView(View):
    """A list, a segment or everyone, and how many people it has in an audience."""

    kind: str = Field(description="list, segment or everyone")
    list_id: int | None
    segment_id: int | None = Field(description="null: no segment, or one that was deleted since the start")
    name: str | None
    people: int = Field(description="of an excluded part: how many of those included it takes out")


class CombinedCountView(View):
    """How many people are in the parts of a combined audience."""

    include: list[PartCountView]
    exclude: list[PartCountView]
    together: int = Field(description="people in at least one included part")
    repeated: int = Field(description="how many more there would be if those in several parts were counted in each")
    excluded: int = Field(description="of the people together, those in at least one excluded part")


@limited
def counts_of(audience: Audience) -> CombinedCountView:
    """Counts a combined audience part by part, as it is now, in one statement."""
    members, params = members_of(audience, minus=False)
    joins, columns, removed = "", "", ["false"]
    for part in audience.parts:
        join, condition, values = _membership(part, audience)
        joins, params = f"{joins}{join}", params | values
        columns += f", count(*) FILTER (WHERE {condition}) AS part_{part.place}"
        if part.role == "exclude":
            removed.append(condition)
    counted = one(
        f"""SELECT count(*) AS together, count(*) FILTER (WHERE {" OR ".join(removed)}) AS excluded {columns}
            FROM (SELECT cu.* FROM {members}) cu {joins}""",
        params,
    )
    include, exclude = (
        [_shown(part, counted) for part in audience.parts if part.role == role] for role in ("include", "exclude")
    )
    return CombinedCountView(
        include=include,
        exclude=exclude,
        together=counted["together"],
        repeated=sum(part.people for part in include) - counted["together"],
        excluded=counted["excluded"],
    )


def _membership(part: PartToSelect, audience: Audience) -> tuple[str, str, Params]:
    """Returns what to join with the customers `cu`, the condition that one is in the part, and its parameters."""
    if part.kind == "list":
        of_list, listed = list_parameter(part), f"m_{part.place}"
        # Joined, so that PostgreSQL may read a large list once and not look in it for each person.
        join = f" LEFT JOIN list_member {listed} ON {listed}.list_id = %({of_list})s AND {listed}.customer_id = cu.id"
        return join, f"{listed}.list_id IS NOT NULL", {of_list: part.list_id}
    subscribed = "cu.consent = 'subscribed'" if part.role == "include" else "true"
    if part.kind == "everyone":
        return "", subscribed, {}
    matches, values = where_matches(filter_of(part, audience.account_id), prefix=f"part_{part.place}")
    return "", f"{subscribed} AND {matches}", values


def _shown(part: PartToSelect, counted: dict[str, int]) -> PartCountView:
    return PartCountView(
        kind=part.kind,
        list_id=part.list_id,
        segment_id=part.segment_id,
        name=part.name,
        people=counted[f"part_{part.place}"],
    )
