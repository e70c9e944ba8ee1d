"""Meta's Cloud API beside its OpenAPI description: https://github.com/facebook/openapi at ecba623, 21 November 2025."""

import json

import pytest

from dispatch.providers import ApprovedTemplate, TemplateButton, TemplateHeader
from dispatch.providers.inbound import inbound_of
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.dialects.whatsapp_cloud import WhatsappCloudDialect
from dispatch.providers.simulator.postman import Taken
from dispatch.providers.whatsapp_cloud import STATES
from tests.dispatch.providers.asked import asked
from tests.dispatch.providers.described import words
from tests.dispatch.providers.described.simulated import answered, posted
from tests.dispatch.providers.dialects import DIALECTS, HOOKS, WHATSAPP, opened, outgoing

# BaseMessageProperties, and what TextMessage and TemplateMessage add.
MESSAGE_REQUIRED = words("messaging_product recipient_type to type")
MESSAGE = MESSAGE_REQUIRED | words("context text template")
# Not in the OpenAPI description, but in the reference of the call and of the status webhook:
# https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
# https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
RETURNED_WITH_STATUSES = {"biz_opaque_callback_data"}
# TemplateObject, LanguageObject, TemplateComponent, ParameterObject, ButtonParameterObject and MediaObject.
TEMPLATE = words("name language components")
COMPONENT = {"header": words("type parameters"), "body": words("type parameters"),
             "button": words("type sub_type index parameters")}  # fmt: skip
SUB_TYPES = words("quick_reply url catalog")
PARAMETER = {
    "header": {"text": {"text"}, "image": {"image"}, "video": {"video"}, "document": {"document"}},
    "body": {"text": {"text"}},
    "button": {"text": {"text"}, "payload": {"payload"}},
}
MEDIA = words("id link")
# In the pages about templates and media only: a parameter's name, and what a document is called on the phone.
# https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
NAME_OF_A_PARAMETER, NAME_OF_A_DOCUMENT = {"parameter_name"}, {"filename"}

# MessageResponsePayload and ErrorObject; fbtrace_id: https://developers.facebook.com/docs/graph-api/guides/error-handling
ANSWER, CONTACT, ACCEPTED = (
    words("messaging_product contacts messages"),
    words("input wa_id"),
    words("id message_status"),
)
ERROR = words("message type code") | {"fbtrace_id"}
# The fields of a phone number that are returned when none are asked for.
NUMBER = words("id display_phone_number verified_name quality_rating")
# An item of the answer that lists message_templates; parameter_format is in the page about templates only.
LISTED = words("id name language status category components") | {"parameter_format"}

# WebhookPayload, Entry, Change, StatusMessageValue, Statuses and StatusError.
PAYLOAD, ENTRY, CHANGE = words("object entry"), words("id changes"), words("value field")
VALUE, METADATA = words("messaging_product metadata"), words("display_phone_number phone_number_id")
STATUS_REQUIRED = words("id status timestamp recipient_id")
STATUS = STATUS_REQUIRED | words("group_id conversation pricing errors")
STATUS_ERROR, PRICING = words("code title message error_data href"), words("billable pricing_model category")
# IncomingMessageValueGeneral, ContactProfile and TextMessage.
WROTE, CONTACT_PROFILE = words("from id timestamp type text"), words("profile wa_id")

# The status webhook's reference (21 May 2026), by what triggers it. Only a voice message is played, and we send none.
STATES_OF_META = words("sent delivered read failed played")
NOTHING_NEW = {"played"}

PARTS = ApprovedTemplate("spring_sale", "el", ("Μαρία", "Αθήνα"))
FILLED = [
    PARTS,
    PARTS._replace(parameters=()),
    PARTS._replace(header=TemplateHeader("text", "Sale"), buttons=(TemplateButton(0, "url", "a/1"),)),
    PARTS._replace(header=TemplateHeader("image", "https://example.com/a.jpg")),
    PARTS._replace(header=TemplateHeader("video", "https://example.com/a.mp4")),
    PARTS._replace(header=TemplateHeader("document", "https://example.com/a.pdf")),
    PARTS._replace(buttons=(TemplateButton(1, "quick_reply", "no"),)),
    PARTS._replace(parameter_names=("name", "city"), header=TemplateHeader("text", "Sale", parameter_name="title")),
]  # fmt: skip
NUMBER_AT = f"/v23.0/{WHATSAPP['phone_number_id']}"
TEXT = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+15005550006", "type": "text",
        "text": {"body": "Hi"}}  # fmt: skip
BEARER = {"Authorization": f"Bearer {SECRET}"}


def told(log, what):
    details = {"number": WHATSAPP["phone_number_id"], "ref": "7-0"}
    message = outgoing(DIALECTS["whatsapp_cloud"])
    return posted(
        WhatsappCloudDialect, log, Taken(message, "wamid.1", f"{HOOKS}/status", f"{HOOKS}/status", details), what
    )


def value_in(callback):
    document = json.loads(callback.body)
    [entry] = document["entry"]
    [change] = entry["changes"]
    assert (set(document), set(entry), set(change)) == (PAYLOAD, ENTRY, CHANGE)
    assert (document["object"], change["field"]) == ("whatsapp_business_account", "messages")
    assert set(change["value"]["metadata"]) == METADATA
    return change["value"]


def test_what_meta_is_asked_has_only_fields_that_it_describes_and_each_that_it_requires():
    message = outgoing(DIALECTS["whatsapp_cloud"])
    for _, body in asked("whatsapp_cloud", message, *(message._replace(template=each) for each in FILLED)):
        document = json.loads(body)
        assert MESSAGE_REQUIRED | {document["type"]} <= set(document) <= MESSAGE | RETURNED_WITH_STATUSES
        assert document["recipient_type"] == "individual"
        if document["type"] == "text":
            assert set(document["text"]) <= words("body preview_url")
            continue
        template = document["template"]
        assert words("name language") <= set(template) <= TEMPLATE
        assert template["language"] == {"policy": "deterministic", "code": "el"}
        for component in template["components"]:
            check_component(component)


def check_component(component):
    assert set(component) == COMPONENT[component["type"]]
    assert component.get("sub_type", "url") in SUB_TYPES
    # A header and a button have at least one parameter.
    assert component["parameters"]
    for parameter in component["parameters"]:
        fields = PARAMETER[component["type"]][parameter["type"]] | {"type"}
        assert fields <= set(parameter) <= fields | NAME_OF_A_PARAMETER
        if parameter["type"] in ("image", "video", "document"):
            assert set(parameter[parameter["type"]]) <= MEDIA | NAME_OF_A_DOCUMENT


def test_what_the_simulator_answers_as_meta_has_each_field_that_is_described(tmp_path):
    accepted = answered(tmp_path / "log", "POST", f"{NUMBER_AT}/messages", json=TEXT, headers=BEARER)
    assert set(accepted) == ANSWER
    assert set(accepted["contacts"][0]) == CONTACT
    assert set(accepted["messages"][0]) == ACCEPTED
    refused = answered(tmp_path / "log", "POST", f"{NUMBER_AT}/messages", json=TEXT)
    assert (set(refused), set(refused["error"])) == ({"error"}, ERROR)
    assert set(answered(tmp_path / "log", "GET", NUMBER_AT, headers=BEARER)) == NUMBER


def test_the_simulator_pages_its_templates_as_meta_describes(tmp_path):
    at = f"{NUMBER_AT}/message_templates?limit=3"
    first = answered(tmp_path / "log", "GET", at, headers=BEARER)
    assert (set(first), set(first["paging"])) == ({"data", "paging"}, {"cursors", "next"})
    rest = answered(tmp_path / "log", "GET", f"{at}&after={first['paging']['cursors']['after']}", headers=BEARER)
    assert "next" not in rest["paging"]
    listed = first["data"] + rest["data"]
    assert len({each["id"] for each in listed}) == len(listed) == 5
    assert all(set(each) == LISTED for each in listed)


@pytest.mark.parametrize("what", ["sent", "delivered", "read", "undelivered"])
def test_what_the_simulator_posts_as_metas_status_has_only_fields_that_are_described(tmp_path, what):
    value = value_in(told(tmp_path / "log", what))
    [status] = value["statuses"]
    assert set(value) == VALUE | {"statuses"}
    assert STATUS_REQUIRED <= set(status) <= STATUS | RETURNED_WITH_STATUSES
    assert status["status"] in STATES_OF_META
    for error in status.get("errors", []):
        assert set(error) == STATUS_ERROR
    assert set(status.get("pricing", PRICING)) == PRICING
    [receipt] = opened(DIALECTS["whatsapp_cloud"], "http://127.0.0.1:9").parse_receipts(told(tmp_path / "log", what))
    assert (receipt.reference, receipt.provider_id, receipt.state) == ("7-0", "wamid.1", what)


def test_what_the_simulator_posts_as_a_reply_through_meta_has_the_fields_that_are_described(tmp_path):
    value = value_in(told(tmp_path / "log", "reply"))
    assert set(value) == VALUE | {"contacts", "messages"}
    assert set(value["contacts"][0]) == CONTACT_PROFILE
    assert set(value["messages"][0]) == WROTE
    [reply] = inbound_of("whatsapp_cloud", told(tmp_path / "log", "reply")).texts
    assert (reply.phone, reply.text, reply.sent_to) == ("+306912345678", "STOP it", WHATSAPP["phone_number_id"])


def test_each_state_that_meta_describes_means_something_here_or_nothing_new():
    assert set(STATES) | NOTHING_NEW == STATES_OF_META
    assert not set(STATES) & NOTHING_NEW
