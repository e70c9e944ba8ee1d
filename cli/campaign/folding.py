"""The option that replaces an SMS's expensive typography, and what a preview says of it."""

import click

from cli.shared.output import show_value
from dispatch.campaigns.preview_view import FoldingView
from dispatch.counting import counted

fold_option = click.option(
    "--fold-typography/--keep-typography",
    default=None,
    help="Replace quotes, dashes and the like in an SMS where that saves credits.  [default: keep]",
)


def show_saving(typography: FoldingView) -> None:
    """Shows people what folding saves, or would save, if anything."""
    if not typography.saving:
        return
    characters = " ".join(each.character if each.character.strip() else each.code_point for each in typography.replaced)
    if typography.folded:
        show_value(f"--fold-typography saves {counted(typography.saving, 'credit')} by replacing {characters}")
    else:
        show_value(f"--fold-typography would save {counted(typography.saving, 'credit')} by replacing {characters}")
