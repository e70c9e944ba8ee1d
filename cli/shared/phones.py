"""The option that says how the phones of the simulated provider behave."""

from typing import Any

import click

from config.simulated_phones import BadPhones, Phones, parse_phones


class _PhonesType(click.ParamType[Phones]):
    name = "shares"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Phones:
        if isinstance(value, Phones):
            return value
        try:
            return parse_phones(value)
        except BadPhones as problem:
            self.fail(f"{problem}.", param, ctx)


PHONES = _PhonesType()
