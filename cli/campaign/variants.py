"""The options that give a campaign several texts, which are compared."""

from typing import Any, get_args

import click

from cli.shared.arguments import text_of
from cli.shared.output import Verb
from dispatch.texts.variants import MOST, MOST_HELD_BACK, Variant
from dispatch.texts.winner_rule import LEAST_HOURS, MOST_HOURS, IfTooEarly, Measure, WinnerRule


def _texts_of(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text_of(context, parameter, each) or "" for each in given)


def variant_options(verb: Verb) -> Verb:
    """Adds --variant, --shares, --hold-back and the options of the rule."""
    for option in (
        click.option(
            "--if-too-early",
            type=click.Choice(get_args(IfTooEarly)),
            help="What the rule does when the figures may be chance: nothing, or send the text that leads.  "
            "[default: wait]",
        ),
        click.option(
            "--decide-by",
            type=click.Choice(get_args(Measure)),
            help="What makes a variant the best; of opted_out the least.",
        ),
        click.option(
            "--decide-after",
            type=click.IntRange(LEAST_HOURS, MOST_HOURS),
            metavar="HOURS",
            help="Send the best variant to those who were held back so many hours after the campaign has completed.",
        ),
        click.option(
            "--hold-back",
            type=click.IntRange(0, MOST_HELD_BACK),
            metavar="PERCENT",
            help="Send so many percent of the audience nothing yet; they get the best of the variants later.",
        ),
        click.option(
            "--shares", metavar="70,30", help="How many percent get which variant, in their order.  [default: equal]"
        ),
        click.option(
            "--variant",
            "variants",
            metavar="TEXT",
            multiple=True,
            callback=_texts_of,
            help=f"One of 2 to {MOST} texts to compare, or @file; repeat it. Who gets which is drawn at random.",
        ),
    ):
        verb = option(verb)
    return verb


def variants_of(options: dict[str, Any]) -> dict[str, Any]:
    """Takes these out of the options, and returns those that were given."""
    texts, shares, hold_back = (options.pop(name) for name in ("variants", "shares", "hold_back"))
    found: dict[str, Any] = {} if hold_back is None else {"hold_back": hold_back}
    if rule := _rule_of(options):
        found["winner_rule"] = rule
    if not texts:
        if shares is not None:
            raise click.UsageError("--shares goes with --variant only.")
        return found
    each = [None] * len(texts) if shares is None else _percents(shares, len(texts))
    return found | {"variants": [Variant(text=text, share=share) for text, share in zip(texts, each, strict=True)]}


def _rule_of(options: dict[str, Any]) -> WinnerRule | None:
    after, by, if_too_early = (options.pop(name) for name in ("decide_after", "decide_by", "if_too_early"))
    if after is None and by is None and if_too_early is None:
        return None
    if after is None or by is None:
        raise click.UsageError("A rule needs both --decide-after HOURS and --decide-by.")
    return WinnerRule(after_hours=after, by=by, if_too_early=if_too_early or "wait")


def _percents(shares: str, variants: int) -> list[int]:
    parts = [part.strip() for part in shares.split(",")]
    if len(parts) != variants or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise click.UsageError(f"--shares is {variants} percentages with commas, one for each --variant, like 70,30.")
    return [int(part) for part in parts]
