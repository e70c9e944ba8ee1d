"""The options that name a template of WhatsApp's, and what fills it."""

from typing import Any, get_args

import click

from cli.shared.output import Verb
from dispatch.campaigns.preview_view import PreviewedMessageView
from dispatch.texts.components import MAX_BUTTONS, WhatsappButton, WhatsappHeader

_HEADERS = get_args(WhatsappHeader.model_fields["type"].annotation)
_BUTTONS = get_args(WhatsappButton.model_fields["type"].annotation)
_PLACE = click.IntRange(0, MAX_BUTTONS - 1)


def whatsapp_options(verb: Verb) -> Verb:
    """Adds --whatsapp-template, --whatsapp-language, --whatsapp-header, --whatsapp-button and --whatsapp-parameter."""
    for option in (
        click.option(
            "--whatsapp-parameter",
            multiple=True,
            metavar="NAME",
            help="The name of a parameter, in the order of the text's placeholders, if the template has named ones.",
        ),
        click.option(
            "--whatsapp-button",
            nargs=3,
            type=click.Tuple([_PLACE, click.Choice(_BUTTONS), str]),
            multiple=True,
            metavar="PLACE KIND VALUE",
            help="What fills a button, such as '0 url {order}'; places begin with 0, kinds are url and quick_reply.",
        ),
        click.option(
            "--whatsapp-header",
            nargs=2,
            type=click.Tuple([click.Choice(_HEADERS), str]),
            metavar="KIND VALUE",
            help="What fills the header: text and its parameter, or image, video or document and an address.",
        ),
        click.option("--whatsapp-language", metavar="CODE", help="The template's language, like en_US."),
        click.option(
            "--whatsapp-template",
            metavar="NAME",
            help="The template that WhatsApp approved the text as; the text's placeholders are its parameters.",
        ),
    ):
        verb = option(verb)
    return verb


def whatsapp_of(options: dict[str, Any]) -> dict[str, Any]:
    """Takes these out of the options, and returns those that were given."""
    found = {name: options.pop(name) for name in ("whatsapp_template", "whatsapp_language")}
    header, buttons = options.pop("whatsapp_header"), options.pop("whatsapp_button")
    if parameters := options.pop("whatsapp_parameter"):
        found["whatsapp_parameters"] = list(parameters)
    if header is not None:
        found["whatsapp_header"] = WhatsappHeader(type=header[0], value=header[1])
    if buttons:
        found["whatsapp_buttons"] = [WhatsappButton(index=n, type=kind, value=value) for n, kind, value in buttons]
    return {name: value for name, value in found.items() if value is not None}


def show_filled(message: PreviewedMessageView) -> None:
    """Shows what fills the header, the buttons and the named parameters of one message, if anything does."""
    if header := message.whatsapp_header:
        click.echo(f"header of {message.phone}: {header.type} {header.value}")
    for button in message.whatsapp_buttons:
        click.echo(f"button {button.index} of {message.phone}: {button.type} {button.value}")
    for name, value in message.whatsapp_parameters.items():
        click.echo(f"{name} of {message.phone}: {value}")
