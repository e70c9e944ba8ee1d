"""Why a message was not delivered, in words, by the code that each kind of provider has for it.

The reason OPTED_OUT_AT_PROVIDER also suppresses the number, with the statement that applies the receipt.
"""

from collections.abc import Mapping

from dispatch.providers.simulator.phones import CODES
from models.customers.suppression import OPTED_OUT_AT_PROVIDER

NOT_DELIVERED = "not_delivered"

# Of those who post receipts in our format (docs/providers.md).
_OURS = {"opted_out": OPTED_OUT_AT_PROVIDER}

REASONS: Mapping[str, Mapping[str, str]] = {
    # dispatch/providers/simulator/phones.py
    "simulated": {code: reason for reason, code in CODES.items()},
    "webhook": _OURS,
    "messaging_service": _OURS,
    # https://www.twilio.com/docs/api/errors; 30001, 30002, 30008 and others say nothing of the person or the text.
    "twilio": {
        "21610": OPTED_OUT_AT_PROVIDER,
        "30003": "phone_unreachable",
        "30004": "blocked_by_recipient_or_carrier",
        "30005": "number_does_not_exist",
        "30006": "landline_or_carrier_unreachable",
        "30007": "filtered_as_spam",
        "30017": "network_error",
        "30018": "sender_not_registered",
        "30019": "text_refused",
        "30024": "sender_not_registered",
        "30032": "sender_not_registered",
        "30033": "sender_not_registered",
        "30034": "sender_not_registered",
        "30035": "sender_not_registered",
        "30038": "text_refused",
        "30039": "filtered_as_spam",
        "30040": "sender_not_registered",
        "30041": "sender_not_registered",
        "30042": "sender_not_registered",
        "30410": "network_error",
        "63003": "not_on_whatsapp",
        "63013": "filtered_as_spam",
        "63014": "blocked_by_recipient_or_carrier",
        "63016": "outside_24_hour_window",
        "63019": "media_refused",
        "63024": "not_on_whatsapp",
        "63026": "filtered_as_spam",
        "63032": "left_out_by_meta",
        "63033": "blocked_by_recipient_or_carrier",
        "63034": "media_refused",
        "63037": "media_refused",
    },
    # https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts; 1 and 54 say no more. 9 is someone who has
    # opted out: https://developer.vonage.com/en/opt-out-assist/guides/messaging-opted-out-numbers
    "vonage": {
        "2": "phone_unreachable",
        "3": "number_does_not_exist",
        "4": "blocked_by_recipient_or_carrier",
        "5": "number_was_ported",
        "6": "filtered_as_spam",
        "7": "phone_unreachable",
        "8": "network_error",
        "9": OPTED_OUT_AT_PROVIDER,
        "10": "text_refused",
        "11": "no_route",
        "12": "no_route",
        "13": "blocked_by_age_check",
        "14": "blocked_by_recipient_or_carrier",
        "15": "recipient_out_of_credit",
        "50": "sender_not_registered",
        "51": "sender_not_registered",
        "52": "text_refused",
        "53": "blocked_by_recipient_or_carrier",
        "99": "network_error",
    },
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
    "whatsapp_cloud": {
        "130403": "blocked_by_recipient_or_carrier",
        "130472": "left_out_by_meta",
        "131026": "not_on_whatsapp",
        "131047": "outside_24_hour_window",
        "131049": "left_out_by_meta",
        "131050": OPTED_OUT_AT_PROVIDER,
        "131053": "media_refused",
        "132005": "text_refused",
    },
}


def reason_of(kind: str, code: str | None) -> str:
    """Returns the reason in words; `not_delivered` for a code that says no more, or that the table does not have."""
    return REASONS.get(kind, {}).get(code or "", NOT_DELIVERED)
