"""Renders and measures the texts of a whole campaign, remembering what its recipients have in common.

Each text is what `render`, `measure_for` and `fold` return for one recipient. But names and places repeat, so each
value is cleaned, filtered and weighed once, and the price of most texts follows from the weights of their parts.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from dispatch.texts.filters import TextFilter
from dispatch.texts.linked import MessageLinks
from dispatch.texts.sms import Encoding, measure, measure_for, measure_of, weigh
from dispatch.texts.template import LINK, CompiledTemplate, filled
from dispatch.texts.typography import fold

# Values of all placeholders together; with their texts they take about 5 MB.
REMEMBERED = 16_384


class Renderer:
    """Renders the texts of one campaign; a recipient is a row with these `columns`, among them the template's fields.

    The values are texts, or None. If the texts have `links`, the number of the message comes after the last column.
    """

    def __init__(
        self,
        template: CompiledTemplate,
        *,
        channel: str,
        folds: bool,
        columns: Sequence[str],
        links: MessageLinks | None = None,
    ) -> None:
        self.may_be_blank = template.may_be_blank
        self.numbered = links is not None
        self._frame = template.frame
        self._weight = weigh(template.frame % (("",) * len(template.filling)))
        each = REMEMBERED // max(1, len(template.filling))
        self._slots: list[tuple[int, Callable[[Any], tuple[str, int]]]] = [
            (len(columns), links.writer(field))
            if links and field.startswith(LINK)
            else (columns.index(field), lru_cache(maxsize=each)(partial(_look, filters)))
            for field, filters in template.filling
        ]
        self._folds = folds
        self._always = measure_for(channel, "") if channel != "sms" else None

    def text_for(self, recipient: Sequence[Any]) -> tuple[str, Encoding, int]:
        """Returns the text for one recipient as it is sent, with its encoding and segments."""
        weight = self._weight
        texts = []
        for at, look in self._slots:
            text, weighs = look(recipient[at])
            texts.append(text)
            weight += weighs
        body = self._frame % tuple(texts)
        measured = self._always or measure_of(weight) or measure(body)
        if self._folds:
            body, measured = fold(body, measured)
        return body, measured[0], measured[1]


def _look(filters: tuple[TextFilter, ...], value: str | None) -> tuple[str, int]:
    text = filled(filters, value)
    return text, weigh(text)
