"""Twilio beside its OpenAPI description: https://github.com/twilio/twilio-oai at d50069b (14 April 2026)."""

import asyncio
import json

import pytest

from dispatch.providers import Answer, ApprovedTemplate, TemplateButton, TemplateHeader, twilio
from dispatch.providers.simulator.dialects import twilio as simulated_twilio
from dispatch.providers.simulator.postman import Taken
from tests.dispatch.providers.asked import asked, form_of
from tests.dispatch.providers.described import words
from tests.dispatch.providers.dialects import DIALECTS, opened, outgoing
from tests.dispatch.providers.misbehaving import misbehaving, says

# https://github.com/twilio/twilio-oai, spec/json/twilio_api_v2010.json at d50069b (14 April 2026), CreateMessage: only
# `To` is required there, with a sender and a content.
CREATE_MESSAGE = words(
    "To StatusCallback ApplicationSid MaxPrice ProvideFeedback Attempt ValidityPeriod ForceDelivery ContentRetention"
    " AddressRetention SmartEncoded PersistentAction TrafficType ShortenUrls ScheduleType SendAt SendAsMms"
    " ContentVariables RiskCheck From FallbackFrom MessagingServiceSid Body MediaUrl ContentSid"
)
# The same, api.v2010.account.message.
MESSAGE = words(
    "body num_segments direction from to date_updated price error_message uri account_sid num_media status"
    " messaging_service_sid sid date_sent date_created error_code price_unit api_version subresource_uris"
)
# The same, message_enum_status.
STATES_OF_TWILIO = words(
    "queued sending sent failed delivered undelivered receiving received accepted scheduled read partially_delivered"
    " canceled"
)
# They say that it is on its way, which an accepted message is, or are of messages to us and of groups.
NOTHING_NEW_AT_TWILIO = {
    *("queued", "sending", "accepted", "scheduled"),
    *("receiving", "received", "partially_delivered"),
}

TEMPLATE = ApprovedTemplate("HX" + "0" * 32, "el", ("Μαρία", "Αθήνα"))


def variables(template, **settings):
    message = outgoing(DIALECTS["twilio"])._replace(channel="whatsapp", template=template)
    [(_, body)] = asked("twilio", message, **settings)
    return form_of(body)["ContentVariables"]


def test_what_twilio_is_asked_has_only_fields_that_it_describes():
    message = outgoing(DIALECTS["twilio"])
    requests = [message, message._replace(channel="whatsapp", template=TEMPLATE)]
    for _, body in asked("twilio", *requests):
        assert "To" in form_of(body)
        assert set(form_of(body)) <= CREATE_MESSAGE


def test_what_the_simulator_answers_as_twilio_has_each_field_of_a_message_and_a_state_that_there_is():
    details = {"account": "AC" + "0" * 32, "from": "+15005550006", "service": "", "to": "+306912345678"}
    taken = Taken(outgoing(DIALECTS["twilio"]), "SM" + "0" * 32, details=details)
    found = simulated_twilio._resource(taken, "queued")
    assert set(found) == MESSAGE
    assert found["status"] in STATES_OF_TWILIO


def test_each_state_that_twilio_describes_means_something_here_or_nothing_new():
    assert set(twilio.STATES) | NOTHING_NEW_AT_TWILIO == STATES_OF_TWILIO
    assert not set(twilio.STATES) & NOTHING_NEW_AT_TWILIO


# https://www.twilio.com/docs/content/using-variables-with-content-api (31 July 2026): a variable has a number or a name
# without spaces. https://www.twilio.com/docs/api/errors/21656: it is a JSON string, and no value is empty.
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (TEMPLATE, '{"1": "Μαρία", "2": "Αθήνα"}'),
        (TEMPLATE._replace(parameter_names=("name", "city")), '{"name": "Μαρία", "city": "Αθήνα"}'),
        (
            TEMPLATE._replace(header=TemplateHeader("text", "Sale"), buttons=(TemplateButton(0, "url", "a/1"),)),
            '{"1": "Μαρία", "2": "Αθήνα", "3": "Sale", "4": "a/1"}',
        ),
        (
            TEMPLATE._replace(
                parameter_names=("name", "city"), header=TemplateHeader("text", "Sale", parameter_name="title")
            ),
            '{"name": "Μαρία", "city": "Αθήνα", "title": "Sale"}',
        ),
    ],
)
def test_twilio_gets_each_variable_by_its_number_or_its_name(template, expected):
    assert json.loads(variables(template)) == json.loads(expected)


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_a_person_for_whom_a_variable_of_twilio_is_empty_is_rejected_and_the_campaign_goes_on(empty):
    message = outgoing(DIALECTS["twilio"])
    message = message._replace(channel="whatsapp", template=TEMPLATE._replace(parameters=("Μαρία", empty)))

    async def talk():
        async with misbehaving(says(DIALECTS["twilio"].accepts)) as server:
            provider = opened(DIALECTS["twilio"], server.url)
            answer = await provider.send(message)
            await provider._link.http.close()
            return answer, server.requests

    assert asyncio.run(talk()) == (Answer("rejected", error_code="empty_parameter"), 0)
