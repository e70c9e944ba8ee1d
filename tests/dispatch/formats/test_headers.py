"""The first line is understood as people and their programs write it; what is not certain is asked."""

import pytest

from dispatch.errors import InvalidRequest
from dispatch.formats.columns import OWN
from dispatch.formats.csv_records import NumberedLines
from dispatch.formats.headers import SYNONYMS, read_header


def header(text, **mapping):
    return read_header(NumberedLines(text.splitlines(keepends=True)), mapping)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("phone,tier\n", ("phone", "tier")),
        ("\ufeffphone,tier\n", ("phone", "tier")),
        ("\ufeff\ufeffphone,tier\n", ("phone", "tier")),
        ("\n\n ,\nphone,tier\n", None),
        ("\n  \r\nphone,tier\n", ("phone", "tier")),
        ("sep=;\nphone;tier\n", ("phone", "tier")),
        ("\ufeffsep=;\r\n\r\nphone;a,b\r\n", ("phone", "a,b")),
        ('"sep=;"\nphone;tier\n', ("phone", "tier")),
        ("Mobile,Vorname,Nachname\n", ("phone", "first_name", "last_name")),
        ("Phone Number;First name;Surname\n", ("phone", "first_name", "last_name")),
        ("Κινητό,Όνομα,ΕΠΩΝΥΜΟ\n", ("phone", "first_name", "last_name")),
        ("ΚΙΝΗΤΌ ΤΗΛΈΦΩΝΟ,Πόλη\n", ("phone", "πόλη")),
        ("Téléphone,Prénom,Nom de famille\n", ("phone", "first_name", "last_name")),
        ("Handy-Nr.\tVorname\n", ("phone", "first_name")),
        ("Phone,Mobile\n", ("phone", "mobile")),
        ("phone,Vorname,first_name\n", ("phone", "vorname", "first_name")),
        ("phone,Vorname,Forename\n", ("phone", "vorname", "forename")),
        ('"Phone\nNumber",Tier\n', ("phone", "tier")),
        ("house number,phone\n", ("house_number", "phone")),
        ("Phone,Opt Out\n", ("phone", "consent")),
        ("Phone #,First Name*\n", ("phone", "first_name")),
        ("Given Name,Family Name,Phone 1 - Value\n", ("first_name", "last_name", "phone")),
        ("Vorname;Nachname;Mobilfunknummer\n", ("first_name", "last_name", "phone")),
        ("Αρ. κινητού;Επίθετο\n", ("phone", "last_name")),
        ("Tél. portable;Prénom\n", ("phone", "first_name")),
        ("N° de téléphone;Prénom\n", ("phone", "first_name")),
        ("Nº de teléfono;Nombre;Apellidos\n", ("phone", "first_name", "last_name")),
        ("Numero di cellulare;Nome;Cognome\n", ("phone", "first_name", "last_name")),
        ("Телефон;Имя;Фамилия\n", ("phone", "first_name", "last_name")),
        ("Numer telefonu;Imię;Nazwisko\n", ("phone", "first_name", "last_name")),
        ("Phone,Accepts Email Marketing,Accepts SMS Marketing\n", ("phone", "accepts_email_marketing", "consent")),
        ("Κινητό;Συγκατάθεση\n", ("phone", "consent")),
        ("Handy;Abgemeldet\n", ("phone", "consent")),
        ("phone,HasOptedOutOfSMS\n", ("phone", "consent")),
        ("phone,SMS consent,SMS consent timestamp\n", ("phone", "consent", "sms_consent_timestamp")),
        ("Phone,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\n", ("phone", "optin_time", "consent", "unsub_reason")),
        ("phone,consent,attribute:opt_out\n", ("phone", "consent", "attribute:opt_out")),
        ("phone;status;subscription plan\n", ("phone", "status", "subscription_plan")),
    ],
)
def test_a_first_line_as_people_write_it(text, names):
    if names is None:
        with pytest.raises(InvalidRequest, match="phone"):
            header(text)
    else:
        assert header(text).names == names


@pytest.mark.parametrize(
    ("text", "mapping", "names"),
    [
        ("Contact,Name\n", {"phone": "Contact"}, ("phone", "name")),
        ("contact ;name\n", {"phone": "Contact", "first_name": "NAME"}, ("phone", "first_name")),
        ("Mobile,Telephone\n", {"phone": "Telephone"}, ("mobile", "phone")),
        ("Phone,Mobile\n", {"phone": "Mobile"}, ("attribute:Phone", "phone")),
        ("Κινητο,x\n", {"phone": "κινητό"}, ("phone", "x")),
        ("phone,Points\n", {"json:points": "Points"}, ("phone", "json:points")),
        ("phone,Subscribed\n", {"attribute:subscribed": "Subscribed"}, ("phone", "attribute:subscribed")),
        ("phone,Do not mail,SMS\n", {"consent": "SMS"}, ("phone", "do_not_mail", "consent")),
        ("phone,Blocked,Opt-out\n", {"attribute:Blocked": "Blocked"}, ("phone", "attribute:Blocked", "consent")),
        ("phone,Opt-in date\n", {"consent": "Opt-in date"}, ("phone", "consent")),
    ],
)
def test_a_mapping_says_what_a_name_means(text, mapping, names):
    assert header(text, **mapping).names == names


@pytest.mark.parametrize(
    ("text", "mapping", "says"),
    [
        ("Mobile,Telephone\n", {}, "Mobile and Telephone may each be the phone"),
        ("phone,Opt-out,Subscribed\n", {}, "Opt-out and Subscribed may each be the consent"),
        ("phone,consent,opt_out\n", {}, "consent and opt_out may each be the consent"),
        ("phone,SMS consent,Opt-out reason\n", {}, "SMS consent and Opt-out reason may each be the consent"),
        ("phone,SMS consent,Blocked\n", {}, "SMS consent and Blocked may each be the consent"),
        ("phone;Cookie consent\n", {}, "Cookie consent may be the consent.*such as attribute:Cookie consent"),
        ("phone,Opt-in date\n", {"first_name": "phone"}, "one of them phone"),
        ("Contact,Name\n", {"phone": "Contract"}, "no column called 'Contract'; it has: Contact, Name"),
        ("Contact,contact\n", {"phone": "CONTACT"}, "2 columns called 'CONTACT'"),
        ("name,email\n", {}, "If one of these is the phone, say which"),
        ("", {}, "it has: nothing"),
    ],
)
def test_what_is_not_certain_is_asked_with_the_names_there_are(text, mapping, says):
    with pytest.raises(InvalidRequest, match=says):
        header(text, **mapping)


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("phone,Opt-out,Subscribed\n", {"consent": "Opt-out"}),
        ("phone,consent,opt_out\n", {"consent": "opt_out"}),
        ("name,email\n", {"phone": "NAME"}),
    ],
)
def test_a_refusal_says_what_to_give_in_a_form_that_each_entry_point_can_word(text, use):
    with pytest.raises(InvalidRequest) as refused:
        header(text)
    assert refused.value.details == {"field": "mapping", "use": {"mapping": use}}
    assert "--" not in refused.value.message


def test_in_a_file_of_numbers_to_suppress_no_column_is_asked_about():
    lines = NumberedLines(["phone,UNSUB_TIME,Opt-out,Blocked\n"])
    assert read_header(lines, of_opt_outs=True).names == ("phone", "unsub_time", "opt_out", "blocked")


def test_what_a_name_was_taken_for_is_told():
    found = header("Mobile,Tier,attribute:Tier,,rejected_line\n")
    assert found.mapping == {"Mobile": "phone", "Tier": "tier", "attribute:Tier": "Tier"}


def test_no_word_means_two_columns():
    words = [word for known in SYNONYMS.values() for word in known]
    assert len(words) == len(set(words))
    assert set(SYNONYMS) <= set(OWN)


def test_each_column_is_the_cell_that_is_named():
    assert read_header(NumberedLines(["Contact,N\n"]), {"phone": "Contact", "attribute:Size": "N"}).names == (
        "phone",
        "attribute:Size",
    )


@pytest.mark.parametrize(
    "mapping",
    [
        {"phone": "Contact", "first_name": "Contact"},
        {"phone": "Contact", "Phone": "N"},
        {"phone": "Contact", "attribute:": "N"},
        {"phone": "Contact", " ": "N"},
    ],
)
def test_one_that_contradicts_itself_is_refused(mapping):
    with pytest.raises(InvalidRequest, match="The mapping names") as refused:
        read_header(NumberedLines(["Contact,N\n"]), mapping)
    assert refused.value.details["field"] == "mapping"
