"""What people bring along from other tools, and braces that are no placeholder."""

import re

import pytest

from dispatch.campaigns.previews import preview_messages
from dispatch.errors import InvalidTemplate
from dispatch.texts.check import check_template
from dispatch.texts.placeholders import compile_for
from dispatch.texts.strangers import strangers_in
from dispatch.texts.template import compile_template
from tests.factories import a_campaign, an_account, asking


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[first_name]", "first_name"),
        ("[FIRST NAME]", "first_name"),
        ("[First Name]", "first_name"),
        ("[FNAME]", "first_name"),
        ("[Your Name]", "first_name"),
        ("[order_id]", None),
        ("[contact.first_name]", "first_name"),
        ("[[lastname]]", "last_name"),
        ("*|FNAME|*", "first_name"),
        ("*|LNAME|*", "last_name"),
        ("*|COUPON|*", None),
        ("%FIRSTNAME%", "first_name"),
        ("%first_name%", "first_name"),
        ("%%FirstName%%", "first_name"),
        ("%code%", None),
        ("((name))", "first_name"),
        ("(first_name)", "first_name"),
        ("<first_name>", "first_name"),
        ("<<First Name>>", "first_name"),
        ("#city#", "location"),
        ("$phone$", "phone"),
        ("##name##", "first_name"),
        ("<%= name %>", "first_name"),
        ("__first_name__", "first_name"),
        ("first_name}", "first_name"),
        ("order}", None),
        ("${first_name}", "first_name"),
        ("[Vorname]", "first_name"),
        ("[Όνομα]", "first_name"),
        ("%ΟΝΟΜΑ%", "first_name"),
        ("[Kundenname]", "first_name"),
        ("[Cognome]", "last_name"),
        ("«Vorname»", "first_name"),
        ("‹first_name›", "first_name"),
        ("%recipient.first_name%", "first_name"),
        ("%(first_name)s", "first_name"),
        ("-first_name-", "first_name"),
        ("!first_name!", "first_name"),
        ("^first_name^", "first_name"),
        ("@first_name@", "first_name"),
        (":first_name", "first_name"),
        ("$first_name", "first_name"),
        ("&first_name;", "first_name"),
        ("［first_name］", "first_name"),
        ("＜first_name＞", "first_name"),
        ("｛first_name｝", "first_name"),
        ("[firstname,fallback=there]", "first_name"),
        ("[contactfield=firstname]", "first_name"),
        ("[subscriber:firstname | default:subscriber]", "first_name"),
    ],
)
def test_a_placeholder_of_another_tool_is_warned_of_with_ours(written, meant):
    body = f"Hi {written}, see you! Answer STOP to end."
    assert list(strangers_in(body)) == [(written, meant)]
    [message] = [
        warning.message
        for warning in check_template(body, account_id=None).warnings
        if warning.code == "foreign_placeholder"
    ]
    assert message == f"{written} is sent as it is; a placeholder looks like {{{meant or 'first_name'}}}."


@pytest.mark.parametrize(
    "body",
    [
        "Hi {first_name}",
        "[ACME] Your code is 1234",
        "[SALE] 50% off today, 20% tomorrow",
        "5 < 6 > 4",
        "Call us (free) or (see below)",
        "Love <3 you",
        "#sale #city today",
        "Pay ${amount} or $5",
        "a_b_c __ x",
        "Only 100%!",
        "*bold* |x| ~y~",
        '{{ "[" }}{first_name}{{ "]" }}',
        "https://example.com/?a=%20&b=%C3%A9",
        "{} {1} { :) }",
        "Follow @my_shop :thumbs_up: $five_off",
        "well-known-shop, -20%- and *first*",
        "“Hi” «Καλημέρα» ‹ok›",
    ],
)
def test_ordinary_text_is_not_warned_of(body):
    assert list(strangers_in(body)) == []


def test_each_is_told_once_and_the_preview_tells_it_too(db):
    account = an_account()
    body = "[first_name] [first_name] *|CODE|*"
    campaign = a_campaign(account, recipients=1, template=body)
    assert [warning.message.split()[0] for warning in preview_messages(asking(), campaign.id).warnings] == [
        "*|CODE|*",
        "[first_name]",
    ]


@pytest.mark.parametrize(
    "braces",
    [
        "{color:red}",
        '{color: red; x: "y"}',
        "{first_name.upper}",
        "{first_name!r}",
        "{first_name|}",
        "{a,b}",
        "{a\\b}",
        "{{ 1 / }}",
        "{{ first name }}",
        "{{}}",
        "{{ {a} }}",
        "{{ όνομα επώνυμο }}",
    ],
)
def test_braces_that_are_no_placeholder_get_our_words_and_can_be_escaped(braces):
    with pytest.raises(InvalidTemplate) as refused:
        compile_template(f"p{braces}")
    message = refused.value.message
    assert message.startswith(f"{braces} is not a placeholder")
    assert not re.search(r"token|expected|block|tag|parse|character at", message)
    escaped = re.search(r"write (\{\{ .+ \}\})\.$", message)[1]
    assert compile_template(f"p{escaped}").render({}) == f"p{braces}"


@pytest.mark.parametrize("source", ["{{ first_name", "{{ first_name }", "a {{ b", "{{ first_name|fallback('x }}"])
def test_braces_that_never_close_are_told_by_their_line(source):
    with pytest.raises(InvalidTemplate, match=r"braces as it begins with|is not a placeholder"):
        compile_template(f"Hi\n{source}")


@pytest.mark.parametrize("sign", ["#", "%"])
def test_a_statement_of_a_template_language_can_be_escaped_too(sign):
    with pytest.raises(InvalidTemplate) as refused:
        compile_template(f"{{{sign} x")
    escaped = re.search(r"write (.+)\.$", refused.value.message)[1]
    assert compile_template(f"{escaped} x").render({}) == f"{{{sign} x"


def test_words_in_braces_that_are_no_name_can_be_escaped_too():
    with pytest.raises(InvalidTemplate) as refused:
        compile_for(None, "{see you soon}")
    escaped = re.search(r"write (\{\{ .+ \}\})\.$", refused.value.message)[1]
    assert compile_for(None, escaped).render({}) == "{see you soon}"


@pytest.mark.parametrize("quotes", ["“”", "„“", "‘’", "«»"])
def test_quotes_of_a_word_processor_are_named(quotes):
    source = f"Hi {{{{ first_name|fallback({quotes[0]}friend{quotes[1]}) }}}}"
    with pytest.raises(InvalidTemplate, match=f"it has {quotes[0]}; write straight quotes"):
        compile_template(source)
