"""The exit status of `provider reseal` and `webhook reseal`: whether older keys may be dropped from PROVIDER_KEY."""

from collections.abc import Sized
from typing import Protocol

import click


class Resealed(Protocol):
    """What a pass over all secrets of a kind has found."""

    @property
    def unreadable(self) -> Sized:
        """Returns those that no key opens."""


def some_unreadable(resealed: Resealed) -> bool:
    """Returns whether no key opens some of the secrets, and says so on standard error."""
    count = len(resealed.unreadable)
    if count:
        click.secho(
            f"{count} cannot be opened with PROVIDER_KEY, so drop no key from it yet. Add the key that sealed them "
            "after the first one and run this again; where that key is lost, remove them and add them again.",
            err=True,
            fg="red",
        )
    return bool(count)
