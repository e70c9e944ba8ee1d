"""The templates that the simulated WhatsApp Business account has, as Meta lists them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
"""

from models.row import JsonObject


def _template(number: int, name: str, language: str, status: str, *components: JsonObject, named: bool) -> JsonObject:
    return {
        "id": f"10000000000000{number}",
        "name": name,
        "language": language,
        "status": status,
        "category": "MARKETING",
        "parameter_format": "NAMED" if named else "POSITIONAL",
        "components": list(components),
    }


def _body(text: str) -> JsonObject:
    return {"type": "BODY", "text": text}


TEMPLATES: tuple[JsonObject, ...] = (
    _template(1, "hello_world", "en_US", "APPROVED", _body("Hello world."), named=False),
    _template(2, "spring_sale", "en", "APPROVED", _body("Hi {{1}}, see you at {{2}}."), named=False),
    _template(3, "spring_sale", "el", "APPROVED", _body("Γειά σου {{1}}, τα λέμε στο {{2}}."), named=False),
    _template(
        *(4, "order_ready", "en", "APPROVED"),
        {"type": "HEADER", "format": "TEXT", "text": "Order {{number}}"},
        _body("Hi {{first_name}}, it is ready at {{place}}."),
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://shop.example/{{1}}"}]},
        named=True,
    ),
    _template(5, "last_offer", "en", "PAUSED", _body("Hi {{1}}, this ends today."), named=False),
)


def page_of(after: str | None, limit: str | None) -> JsonObject:
    """Returns the templates after this cursor, and where the next ones are, as Meta pages them."""
    first = int(after) if after and after.isdecimal() and len(after) < 4 else 0
    last = first + (min(int(limit), 1000) if limit and limit.isdecimal() and 0 < len(limit) < 5 else 25)
    paging: JsonObject = {"cursors": {"before": str(first), "after": str(last)}}
    more = {"next": f"?after={last}"} if last < len(TEMPLATES) else {}
    return {"data": list(TEMPLATES[first:last]), "paging": paging | more}
