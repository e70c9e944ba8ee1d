"""A message as Meta's Cloud API takes it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from dispatch.providers import ApprovedTemplate, Outgoing, TemplateButton, TemplateHeader
from models.row import JsonObject


def document_of(message: Outgoing) -> JsonObject:
    """Returns the JSON that is posted: a text, or an approved template with what fills it."""
    document: JsonObject = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.phone,
        # Returned with each status, so that receipts name our message.
        "biz_opaque_callback_data": message.reference,
    }
    template = message.template
    if template is None:
        return document | {"type": "text", "text": {"body": message.body}}
    described = {
        "name": template.name,
        # The policy is required in https://github.com/facebook/openapi, where it has this one value.
        "language": {"policy": "deterministic", "code": template.language},
        "components": list(_components(template)),
    }
    return document | {"type": "template", "template": described}


def _components(template: ApprovedTemplate) -> Iterator[JsonObject]:
    if template.header:
        yield {"type": "header", "parameters": [_header(template.header)]}
    if template.parameters:
        names = template.parameter_names or (None,) * len(template.parameters)
        parameters = [_text(each, name) for each, name in zip(template.parameters, names, strict=True)]
        yield {"type": "body", "parameters": parameters}
    for button in template.buttons:
        # Meta's own examples have the index as a text.
        described = {"type": "button", "sub_type": button.type, "index": str(button.place)}
        yield described | {"parameters": [_button(button)]}


def _header(header: TemplateHeader) -> JsonObject:
    if header.type == "text":
        return _text(header.value, header.parameter_name)
    file = {"link": _in_an_address(header.value)}
    if header.type == "document":
        file["filename"] = header.filename or unquote(urlsplit(header.value).path.rpartition("/")[2]) or "document"
    return {"type": header.type, header.type: file}


def _button(button: TemplateButton) -> JsonObject:
    if button.type == "url":
        return {"type": "text", "text": _in_an_address(button.value)}
    return {"type": "payload", "payload": button.value}


def _in_an_address(value: str) -> str:
    """Returns the value with what a customer's name or town brings into it encoded, and everything else as it is."""
    return quote(value, safe="%/:?#[]@!$&'()*+,;=~")


def _text(value: str, name: str | None) -> JsonObject:
    # Meta refuses line breaks, tabs and more than four spaces in a parameter.
    text: JsonObject = {"type": "text", "text": " ".join(value.split())}
    # Of a template with named parameters, whose order then means nothing:
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
    return text | {"parameter_name": name} if name else text
