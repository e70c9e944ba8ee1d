"""`seed`: creates a small account to try things with."""

from typing import Any

import click

from cli.demo.sample import seed_sample
from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from models.tenancy import ALL_ACCOUNTS


@click.command()
@answers()
@with_database
def seed() -> dict[str, Any]:
    """Create the account `sample`: 10 customers, 3 draft campaigns, 1000 credits. What already exists stays as it is.

    \b
    python -m cli seed
    python -m cli campaign list --account sample
    """
    return seed_sample(by_hand(ALL_ACCOUNTS))
