"""The options of the simulated provider: how its phones behave, and where it calls back."""

from typing import Any

import click

from config.simulated_phones import BadPhones, Phones, parse_phones
from dispatch.providers.simulator.dialects.every import DIALECTS


class _PhonesType(click.ParamType[Phones]):
    name = "shares"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Phones:
        if isinstance(value, Phones):
            return value
        try:
            return parse_phones(value)
        except BadPhones as problem:
            self.fail(f"{problem}.", param, ctx)


class _CallbackType(click.ParamType[tuple[str, str]]):
    name = "kind=url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        kind, _, url = value.partition("=")
        if kind not in DIALECTS:
            self.fail(f"there is no kind {kind[:40]!r}; there are {', '.join(DIALECTS)}.", param, ctx)
        if not url.startswith(("http://", "https://")):
            self.fail(f"{url[:80]!r} is no address such as http://127.0.0.1:8000/hooks/{kind}/1/inbound.", param, ctx)
        return kind, url


CALLBACK = _CallbackType()
PHONES = _PhonesType()
