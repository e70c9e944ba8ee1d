"""The options that name a template of WhatsApp's."""

from typing import Any

import click

from cli.shared.output import Verb


def whatsapp_options(verb: Verb) -> Verb:
    """Adds --whatsapp-template and --whatsapp-language."""
    name = click.option(
        "--whatsapp-template",
        metavar="NAME",
        help="The template that WhatsApp approved the text as; the text's placeholders are its parameters.",
    )
    language = click.option("--whatsapp-language", metavar="CODE", help="The template's language, like en_US.")
    return name(language(verb))


def whatsapp_of(options: dict[str, Any]) -> dict[str, str]:
    """Takes the two out of the options, and returns those that were given."""
    found = {name: options.pop(name) for name in ("whatsapp_template", "whatsapp_language")}
    return {name: value for name, value in found.items() if value is not None}
