"""Compiles a campaign's template into something that renders half a million texts a second, and nothing more.

`{first_name}`, `{{ first_name }}` and `{{ first_name|fallback("friend")|upper }}` are placeholders; the
rest is text. Braces that hold anything but words (`{}`, `{1}`, `{ :) }`) are text too. A name that is no
column of a customer is one of their attributes, whose names may contain spaces and hyphens (`{order-no}`,
only in single braces); `placeholders.py` checks that there is such a one. Names are case-sensitive. A
customer's value is never expanded again, NULL is empty, and nothing is escaped: an SMS is not HTML.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from dispatch.errors import InvalidTemplate
from dispatch.links.codes import UNSUBSCRIBE
from dispatch.texts.filters import FILTERS, TextFilter, as_text, cleaned, is_blank
from models.messages.parameters import unmarked

CUSTOMER_FIELDS = frozenset({"first_name", "last_name", "phone", "location", "prefered_product"})
# What an attribute is called among the fields of a customer, as in the filter of a segment.
ATTRIBUTE = "attributes."
# The name of the link with which its reader ends messages; an attribute of this name is not shown.
UNSUBSCRIBE_LINK = "unsubscribe_link"
# What a link is called among the fields of a text, with its number; each message has its own.
LINK = "links."
MAX_SOURCE = 2000
MAX_PLACEHOLDERS, MAX_FILTERS = 100, 5

# Only ever parses: compiling folds constants, and {{ 'a'*10**8 }} then costs seconds and 100 MB.
_PARSER = Environment(keep_trailing_newline=True)
_SINGLE_BRACES = re.compile(r"\{(\s*[^\W\d][^{}]*)\}")
_NAMED = re.compile(r"\s*([^\W\d]\w*(?:[ -]+\w+)*)\s*((?:\|.*)?)", re.DOTALL)
_DOUBLE_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# Of what a refusal quotes.
_QUOTED = 60
_OPEN_BRACE = re.compile(r"\{\s*[^\W\d]")
# In a frame, where %% is a percent sign.
PLACEHOLDER = re.compile(r"%[%s]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder, and the filters that its value passes through, in order."""

    name: str
    filters: tuple[TextFilter, ...] = ()

    @property
    def field(self) -> str:
        """What it shows: the column of a customer, `attributes.` and a name, or `links.` and a number."""
        if self.name == UNSUBSCRIBE_LINK:
            return f"{LINK}{UNSUBSCRIBE}"
        return self.name if self.name in CUSTOMER_FIELDS else ATTRIBUTE + self.name


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A checked template, ready to be rendered; `placeholders` are in order of appearance."""

    placeholders: tuple[str, ...]
    #: The text with %s for each placeholder, and what stands there: a field and its filters.
    frame: str
    filling: tuple[tuple[str, tuple[TextFilter, ...]], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """What rendering reads of a customer: columns, and `attributes.` with the name of an attribute."""
        return tuple(dict.fromkeys(field for field, _ in self._values))

    @property
    def links(self) -> tuple[int, ...]:
        """The numbers of the links that it has; each message has its own (`linked.py`)."""
        return tuple(
            dict.fromkeys(int(field.removeprefix(LINK)) for field, _ in self.filling if field.startswith(LINK))
        )

    @property
    def _values(self) -> list[tuple[str, tuple[TextFilter, ...]]]:
        return [(field, filters) for field, filters in self.filling if not field.startswith(LINK)]

    @property
    def without_fallback(self) -> tuple[str, ...]:
        """The fields that leave a gap in the text of a customer who has no value for them."""
        return tuple(dict.fromkeys(field for field, filters in self._values if is_blank(filled(filters, None))))

    def show_as_it_is(self, value: str) -> tuple[str, ...]:
        """Returns the fields that would show this value unchanged, whatever their filters."""
        return tuple(dict.fromkeys(field for field, filters in self._values if value in filled(filters, value)))

    @property
    def may_be_blank(self) -> bool:
        """Whether the text of a customer without any values is blank; the text of others then may be too."""
        return not self.links and is_blank(unmarked(self.render({})))

    def marked(self, mark: str) -> "CompiledTemplate":
        """Returns the same template, in whose texts each placeholder's value stands between two marks."""
        return replace(self, frame=mark_placeholders(self.frame, mark))

    def render(self, values: Mapping[str, object]) -> str:
        """Returns the text for one customer, whose values have the names of `fields`; none, or NULL, is empty."""
        get = values.get
        return self.frame % tuple([filled(filters, get(field)) for field, filters in self.filling])


def mark_placeholders(frame: str, mark: str) -> str:
    """Returns the frame with a mark on each side of every placeholder."""
    return PLACEHOLDER.sub(lambda found: f"{mark}%s{mark}" if found[0] == "%s" else found[0], frame)


def filled(filters: tuple[TextFilter, ...], value: object) -> str:
    """Returns what stands in a text for this value."""
    text = as_text(value)
    for transform in filters:
        text = transform(text)
    return text


@lru_cache(maxsize=256)  # each start compiles its text four times, which was a fifth of its Python
def compile_template(source: str) -> CompiledTemplate:
    """Compiles a template; InvalidTemplate says what to change when it cannot be read."""
    _check_source(source)
    parts = list(_parts(source))
    slots = tuple(part for part in parts if isinstance(part, Slot))
    if len(slots) > MAX_PLACEHOLDERS:
        raise InvalidTemplate(f"The template has {len(slots)} placeholders; at most {MAX_PLACEHOLDERS} are allowed.")
    if any(slot.name == UNSUBSCRIBE_LINK and slot.filters for slot in slots):
        raise InvalidTemplate(f"{{{UNSUBSCRIBE_LINK}}} takes no filters, which would change the link.")
    names = tuple(dict.fromkeys(slot.name for slot in slots))
    frame = "".join("%s" if isinstance(part, Slot) else part.replace("%", "%%") for part in parts)
    return CompiledTemplate(names, frame, tuple((slot.field, slot.filters) for slot in slots))


def _check_source(source: str) -> None:
    if len(source) > MAX_SOURCE:
        raise InvalidTemplate(f"The template has {len(source)} characters; at most {MAX_SOURCE} are allowed.")
    if found := re.search(r"\{[%#]", source):
        raise InvalidTemplate(
            f"Statements {{% %}} and comments {{# #}} are not allowed, only placeholders {{first_name}}; to send "
            f'{found[0]} itself, write {{{{ "{{" }}}}{found[0][1]}.'
        )
    if found := _CONTROL.search(source):
        raise InvalidTemplate(f"The template has a control character (U+{ord(found[0]):04X}); remove it.")


def _parts(source: str) -> Iterator[str | Slot]:
    for node in _parsed(source):
        if isinstance(node, nodes.TemplateData):
            yield from _text_parts(node.data)
        else:
            yield _expression(node, line=node.lineno)


def _text_parts(text: str) -> Iterator[str | Slot]:
    # split() alternates between text and the inside of braces.
    for index, piece in enumerate(_SINGLE_BRACES.split(text)):
        if index % 2:
            braces = f"{{{piece}}}"
            # A word of Jinja's (`in`), or several words, may be the name of an attribute.
            named = _NAMED.fullmatch(piece)
            name, expression = (named[1], f"name{named[2]}") if named else (None, piece)
            yield from (_expression(node, braces, name) for node in _parsed(f"{{{{ {expression} }}}}", braces))
        else:
            _check_text(piece)
            yield piece


def _check_text(text: str) -> None:
    if _OPEN_BRACE.search(text):
        raise InvalidTemplate(
            "A { before a word is never closed; a placeholder looks like {first_name}. To send the character itself, "
            'write {{ "{" }}.'
        )
    if text.startswith("}") or "}}" in text:
        raise InvalidTemplate('A } without a { before it; to send the character itself, write {{ "}" }}.')


def _parsed(source: str, braces: str | None = None) -> list[nodes.Expr]:
    """Returns the texts and expressions of a source; `braces` is what stands in the template, if that is another."""
    try:
        body = _PARSER.parse(source).body
    except TemplateSyntaxError as problem:
        raise _refused(braces or _unreadable(source), line=problem.lineno) from None
    except (RecursionError, ValueError, OverflowError):
        # Nested brackets exhaust the parser, and a numeral of thousands of digits exhausts int().
        raise InvalidTemplate("The template cannot be read: an expression is too complicated.") from None
    # Statements were refused before parsing, so the body is output and nothing else.
    return [node for output in body if isinstance(output, nodes.Output) for node in output.nodes]


def _expression(node: nodes.Node, braces: str | None = None, name: str | None = None, *, line: int = 0) -> str | Slot:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return cleaned(node.value)
    filters: list[TextFilter] = []
    while isinstance(node, nodes.Filter) and node.node is not None and len(filters) < MAX_FILTERS:
        filters.append(_filter(node, braces, line))
        node = node.node
    if not isinstance(node, nodes.Name):
        raise _refused(braces, line=line)
    return Slot(name or node.name, tuple(reversed(filters)))


def _filter(node: nodes.Filter, braces: str | None, line: int) -> TextFilter:
    known = FILTERS.get(node.name)
    if known is None:
        raise InvalidTemplate(f"Unknown filter {node.name[:40]}; the filters are: {', '.join(sorted(FILTERS))}.")
    arguments = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
    if len(arguments) != len(node.args) or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _refused(braces, line=line)
    return known(*arguments)


def _unreadable(source: str) -> str | None:
    """Returns the first braces of a source that cannot be read; None when it is not their content that is wrong."""
    for found in _DOUBLE_BRACES.finditer(source):
        try:
            _PARSER.parse(found[0])
        except TemplateSyntaxError:
            return found[0]
    return None


def _refused(braces: str | None, *, line: int) -> InvalidTemplate:
    """Returns the refusal of what is no placeholder, with how to send it as it is."""
    if braces is None:
        return InvalidTemplate(
            f"The placeholder on line {line} cannot be read: it holds a name and up to {MAX_FILTERS} filters and ends "
            'with as many braces as it begins with, like {first_name} or {{ first_name|fallback("friend") }}. To send '
            'braces themselves, write {{ "{" }} and {{ "}" }}.'
        )
    shown = braces if len(braces) <= _QUOTED else f"{braces[:_QUOTED]}…"
    # Word processors and phones write these by themselves.
    if quote := next((each for each in braces if each in "“”„‟‘’‚«»″"), None):
        return InvalidTemplate(
            f"{shown} is not a placeholder: it has {quote}; write straight quotes, as in "
            f'{{{{ first_name|fallback("friend") }}}}. To send the braces as they are, write {escaped_braces(braces)}.'
        )
    return InvalidTemplate(
        f"{shown} is not a placeholder, which holds a name and up to {MAX_FILTERS} filters, like {{first_name}} or "
        f'{{{{ first_name|fallback("friend") }}}}. To send the braces as they are, write {escaped_braces(braces)}.'
    )


def escaped_braces(text: str) -> str:
    """Returns how a template writes this text, which contains braces, so that it is sent as it is."""
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}" if len(text) <= _QUOTED else '{{ "{" }} and {{ "}" }}'
