"""For how many people of an audience a text has a gap: a placeholder that is empty and has no fallback."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default

from dispatch.audience import members
from dispatch.audience.cost import limited
from dispatch.audience.fields import is_empty
from dispatch.audience.members import Audience, AudienceSize
from dispatch.counting import counted
from dispatch.errors import NoRecipients
from dispatch.formats.view import View
from dispatch.texts.template import ATTRIBUTE, CompiledTemplate
from models.database import one
from models.messages.parameters import unmarked

# Of the text that is quoted in a sentence.
_QUOTED = 160

# Why someone gets no message, as messages have it, in words.
_NOT_REACHED = {
    "opted_out": "Have opted out: {}",
    "not_mobile": "Have a number that gets no texts: {}",
    "country_not_allowed": "Are in a country to which the account may not send: {}",
    "blank_text": "Would get a blank text: {}",
    "frequency_cap": "Have had as many messages as the account's caps allow (start it later): {}",
    "expired": "Could only be reached after it expires, by its hours or the quiet hours (change one of these): {}",
}


class GapView(View):
    """A placeholder without a fallback that is empty for some of those who get the text, and what one of them reads."""

    placeholder: str
    people: int
    customer_id: int | None
    phone: str
    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people an audience has, how many of them may be messaged, and what their texts lack."""

    size: AudienceSize
    #: Of the reachable, those whose text would be blank; they get none.
    blank: int = 0
    gaps: list[GapView] = default(default_factory=list)
    #: How many came or changed since the campaign was approved, if it was.
    changed: int = 0

    @property
    def total(self) -> int:
        """How many people the audience has."""
        return self.size.total

    @property
    def messages(self) -> int:
        """How many messages would be sent."""
        return self.size.reachable - self.blank


def reach_of(audience: Audience, *templates: CompiledTemplate) -> Reach:
    """Counts the audience, and for how many of it each placeholder of the text is empty, in one statement.

    Of several texts, among which each person gets one, every placeholder is counted for everyone.
    """
    first_with = {field: template for template in reversed(templates) for field in template.without_fallback}
    fields = tuple(dict.fromkeys(field for template in templates for field in template.without_fallback))
    may_be_blank = all(template.may_be_blank for template in templates)
    if not fields:
        size = members.size_of(audience)
        return Reach(size, size.reachable if may_be_blank else 0)
    counted = _count(audience, fields)
    size = AudienceSize(counted["total"], counted["reachable"], counted["not_mobile"], counted["not_allowed"])
    found = (
        _gap(audience, first_with[field], field, people, of=size.reachable)
        for place, field in enumerate(fields)
        if (people := counted[f"empty_{place}"])
    )
    gaps = [gap for gap in found if gap]
    return Reach(size, counted["all_empty"] if may_be_blank else 0, gaps)


def no_one(reach: Reach) -> NoRecipients:
    """Returns the error that no one of the audience gets a message, and why."""
    size = reach.size
    if reach.blank:
        return NoRecipients(
            "The text is blank for everyone who could get it; give its placeholders a fallback.",
            total=size.total,
        )
    everyone = counted(size.total, "person", "people")
    if size.not_allowed:
        return NoRecipients(
            f"Nobody in the audience of {everyone} can be messaged. In a country to which"
            f" the account may not send (an operator can allow it): {size.not_allowed:,}; opted out:"
            f" {size.opted_out:,}; with a number that gets no texts: {size.not_mobile:,}.",
            total=size.total,
            country_not_allowed=size.not_allowed,
        )
    if size.not_mobile:
        return NoRecipients(
            f"Nobody in the audience of {everyone} can be messaged. Opted out:"
            f" {size.opted_out:,}; with a landline or another number that gets no texts: {size.not_mobile:,}; text_to"
            " of the account lets these in.",
            total=size.total,
            not_mobile=size.not_mobile,
        )
    return NoRecipients(
        f"Everyone in the audience of {everyone} has opted out." if size.total else None,
        total=size.total,
    )


def none_reached(people: Mapping[str, int]) -> NoRecipients:
    """Returns the error that no one of the audience gets a message; `people` are how many for each reason."""
    if not people:
        return NoRecipients()
    said = "; ".join(_NOT_REACHED.get(reason, f"{reason}: {{}}").format(number) for reason, number in people.items())
    return NoRecipients(
        f"Nobody in the audience of {counted(sum(people.values()), 'person', 'people')} can be messaged now. {said}.",
        skipped=dict(people),
    )


@limited
def _count(audience: Audience, fields: Sequence[str]) -> dict[str, int]:
    sql, params, no_message = members.as_sql(audience)
    empty = [f"{is_empty(field)} AS e{place}" for place, field in enumerate(fields)]
    each = [f"count(*) FILTER (WHERE skipped IS NULL AND e{place}) AS empty_{place}" for place in range(len(fields))]
    every = " AND ".join(f"e{place}" for place in range(len(fields)))
    # OFFSET 0, so that each condition is evaluated once for a member and not once for each count.
    counted: dict[str, int] = one(
        f"""SELECT {members.SIZE},
                   count(*) FILTER (WHERE skipped IS NULL AND {every}) AS all_empty, {", ".join(each)}
            FROM (SELECT {no_message} AS skipped, {", ".join(empty)} FROM {sql} OFFSET 0) AS judged""",
        params,
    )
    return counted


def _gap(audience: Audience, template: CompiledTemplate, field: str, people: int, *, of: int) -> GapView | None:
    """Returns the gap with an example; None when no one is left who has it."""
    name = field.removeprefix(ATTRIBUTE)
    person = members.first_without(audience, field, template.fields)
    if person is None:
        return None
    text = unmarked(template.render(person))
    quoted = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
    return GapView(
        placeholder=name,
        people=people,
        customer_id=person["id"],
        phone=person["phone"],
        text=text,
        message=f"{{{name}}} is empty for {people} of {counted(of, 'person', 'people')}, such as {person['phone']}: "
        f"“{quoted}” "
        f'Write {{{{ {name}|fallback("…") }}}} to fill it.',
    )
