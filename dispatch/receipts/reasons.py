"""Why a message was not delivered, in words, by the code that each kind of provider has for it."""

from collections.abc import Mapping

NOT_DELIVERED = "not_delivered"

REASONS: Mapping[str, Mapping[str, str]] = {
    # https://www.twilio.com/docs/api/errors
    "twilio": {
        "21610": "opted_out_at_provider",
        "30003": "phone_unreachable",
        "30004": "blocked_by_recipient_or_carrier",
        "30005": "number_does_not_exist",
        "30006": "landline_or_carrier_unreachable",
        "30007": "filtered_as_spam",
        "30034": "sender_not_registered",
        "63016": "outside_24_hour_window",
        "63024": "not_on_whatsapp",
    },
    # https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
    "vonage": {
        "2": "phone_unreachable",
        "3": "number_does_not_exist",
        "4": "blocked_by_recipient_or_carrier",
        "5": "number_was_ported",
        "6": "filtered_as_spam",
        "7": "phone_unreachable",
        "8": "network_error",
        "9": "number_does_not_exist",
        "10": "text_refused",
        "11": "no_route",
        "12": "no_route",
        "13": "blocked_by_age_check",
        "14": "blocked_by_recipient_or_carrier",
        "15": "recipient_out_of_credit",
    },
    # https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
    "whatsapp_cloud": {
        "130472": "left_out_by_meta",
        "131026": "not_on_whatsapp",
        "131047": "outside_24_hour_window",
        "131049": "left_out_by_meta",
        "131050": "opted_out_at_provider",
    },
}


def reason_of(kind: str, code: str | None) -> str:
    """Returns the reason in words; `not_delivered` for a code that says no more, or that the table does not have."""
    return REASONS.get(kind, {}).get(code or "", NOT_DELIVERED)
