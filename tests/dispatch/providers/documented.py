"""The codes that providers describe, and what each means here: by the status with which it comes, then by outcome.

Written from the descriptions that each provider's file names, not from its table.
"""

from collections.abc import Iterator, Mapping

Codes = Mapping[str, Mapping[str, str]]

# https://www.twilio.com/docs/api/errors
TWILIO_CODES: Codes = {
    "400 Bad Request": {
        "rejected": "20422 21211 21408 21602 21604 21612 21614 21617 21618 21619 21635 21658 21703 30003 30004"
        " 30005 30006 30007 30008 30410 30450 63003 63005 63013 63016 63019 63021 63024 63032 63033 99999",
        "opted_out": "21610",
        "halted": "20008 21212 21603 21606 21607 21608 21609 21654 21655 21656 21657 21659 21660 21661 21702 21704"
        " 21705 30002 63001 63002 63007 63008 63015 63020 63022 63027 63028 63040 63041 63042 63051 63112",
        "deferred": "30001 63018",
    },
    "401 Unauthorized": {"halted": "20003"},
    "403 Forbidden": {"halted": "20003 20005 20006 20403"},
    "404 Not Found": {"halted": "20404 21701"},
    "429 Too Many Requests": {"deferred": "20429 21611 30001 30454 63017 63018 63038"},
    "500 Internal Server Error": {"unknown": "20500"},
    # Whatever it says, it may have left.
    "503 Service Unavailable": {"unknown": "20429 20503"},
}

# https://developer.vonage.com/en/api-errors/sms, and x-errors of https://developer.vonage.com/en/api/sms (1.5.1)
VONAGE_CODES: Codes = {
    "200 OK": {
        "deferred": "1 10",
        "halted": "2 4 8 9 11 14 15 23 29 32",
        "rejected": "3 6 7 12 17 22 33",
        "unknown": "5 77",
    }
}

# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes, of which older copies
# have the statuses.
META_CODES: Codes = {
    "400 Bad Request": {
        "rejected": "100 130403 130472 131009 131021 131026 131047 131049 131053 132005 135000 999999",
        "opted_out": "131050",
        "halted": "33 131008 131030 131037 131042 131051 131055 131063 131064 132000 132007 132012 132015 132016 132018"
        " 132068 132069 133000 133005 133006 133008 133009 133010 133015 133016 134011 134100",
        "deferred": "4 80007 130429 131048 131056 134101",
        "unknown": "1",
    },
    "401 Unauthorized": {"halted": "0 102 104 190"},
    "403 Forbidden": {"rejected": "130497", "halted": "10 200 219 299 368 131005 131031"},
    "404 Not Found": {"halted": "132001"},
    "429 Too Many Requests": {"deferred": "4 80007 130429 131048 131056"},
    "500 Internal Server Error": {"halted": "3 131045 134102", "deferred": "131057", "unknown": "131000 131016"},
    "503 Service Unavailable": {"unknown": "2 133004"},
}


def each_of(codes: Codes) -> Iterator[tuple[str, str, str]]:
    """Yields status, code and outcome."""
    for status, outcomes in codes.items():
        for outcome, listed in outcomes.items():
            yield from ((status, code, outcome) for code in listed.split())
