"""Templates: what is a placeholder, what is refused, and what a value can do (nothing)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from dispatch.errors import InvalidTemplate
from dispatch.texts.filters import FILTERS, MAX_VALUE
from dispatch.texts.template import CUSTOMER_FIELDS, MAX_PLACEHOLDERS, MAX_SOURCE, compile_template

ALICE = {"first_name": "Alice", "last_name": "Smith", "phone": "+12025550123", "location": None}


def rendered(source, **values):
    return compile_template(source).render({**ALICE, **values})


@pytest.mark.parametrize(
    "source",
    [
        "Hello {first_name}!",
        "Hello { first_name }!",
        "Hello {{first_name}}!",
        "Hello {{ first_name }}!",
        'Hello {first_name|fallback("friend")}!',
        "Hello {{ first_name | trim | title }}!",
    ],
)
def test_every_spelling_of_a_placeholder_is_filled(source):
    assert rendered(source) == "Hello Alice!"


def test_a_template_names_its_placeholders_once_each_in_order():
    template = compile_template("{last_name} {{ first_name }} {last_name}")
    assert template.placeholders == ("last_name", "first_name")


def test_null_and_missing_values_are_empty():
    assert rendered("<{location}|{prefered_product}>") == "<|>"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{{ location|fallback("your town") }}', "your town"),
        ('{{ first_name|fallback("friend")|upper }}', "ALICE"),
        ('{{ location|fallback("your town")|upper }}', "YOUR TOWN"),
        ('{{ location|fallback("{first_name}") }}', "{first_name}"),
        ("{{ first_name|lower }}", "alice"),
        ("{{ first_name|truncate(3) }}", "Ali"),
    ],
)
def test_filters_apply_from_left_to_right(source, text):
    assert rendered(source) == text


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "{ }", "{1}", "{ :) }", "a\nb\n", "100% {0} %s", "50 % off > <b>&amp;", "Καλημέρα 🌸", "x } y", ""],
)
def test_text_that_is_not_a_placeholder_stays_as_it_is(text):
    assert rendered(text) == text


def test_literal_braces_can_be_escaped():
    assert rendered('{{ "{" }}{first_name}{{ "}" }}') == "{Alice}"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{tier}", "tier"),
        ("{{ tier }}", "tier"),
        ("{ order-no }", "order-no"),
        ("{Order No}", "Order No"),
        ('{Order No|fallback("none")|upper}', "Order No"),
        ("{πόντοι}", "πόντοι"),
        ("{in}", "in"),
        ("{none}", "none"),
        ("{{ self }}", "self"),
        ("{x" + "y" * 99 + "}", "x" + "y" * 99),
    ],
)
def test_any_other_name_is_an_attribute(source, name):
    template = compile_template(source)
    assert (template.placeholders, template.fields) == ((name,), (f"attributes.{name}",))
    assert template.render({name: "no column", f"attributes.{name}": 3}) == "3"
    assert template.without_fallback == (() if "fallback" in source else template.fields)


@pytest.mark.parametrize(
    "source",
    [
        "{first_name",
        "{{ first_name",
        "{{ first_name }",
        "{first_name}}",
        "first_name }}",
        "{first_name-}",
        "{first_name.upper}",
        "{first_name[0]}",
        "{first_name!r}",
        "{first_name:>200000000}",
        "{{}}",
        "{{ first_name|fallback }}",
        "{{ first_name|fallback(last_name) }}",
        '{{ first_name|fallback("a", "b") }}',
        '{{ first_name|fallback(instead="a") }}',
        "{{ first_name|truncate }}",
        "{{ first_name|truncate(0) }}",
        "{{ first_name|truncate(true) }}",
        "{{ first_name|truncate('3') }}",
        "{{ first_name|upper(1) }}",
        "{{ first_name|reverse }}",
        "{{ first_name" + "|upper" * 6 + " }}",
        "nul \x00",
        "escape \x1b[31m",
        "surrogate \ud800",
        "x" * (MAX_SOURCE + 1),
        "{phone}" * (MAX_PLACEHOLDERS + 1),
    ],
)
def test_a_typing_error_is_refused(source):
    with pytest.raises(InvalidTemplate):
        compile_template(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a'*10**8 }}",
        "{{ 'a'.ljust(10**9) }}",
        "{{ 'x'|center(200000000) }}",
        "{{ first_name|center(200000000) }}",
        "{{ '%0200000000d'|format(1) }}",
        "{{ '{:>200000000}'.format(1) }}",
        "{{ lipsum(n=20000) }}",
        "{{ range(99999)|list }}",
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{% set x = 9**9**9 %}",
        "{{ 9**9**9 }}",
        "{{ first_name.__class__.__mro__ }}",
        "{{ ()|attr('__class__') }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ first_name ~ last_name }}",
        "{{ first_name if last_name else phone }}",
        "{{ [first_name]*9999999 }}",
        "{{ -first_name }}",
        "{{ first_name is defined }}",
        "{% raw %}{{ first_name }}{% endraw %}",
        "{% include '/etc/passwd' %}",
        "{# a comment #}",
        "{{" + "(" * 900 + "first_name" + ")" * 900 + "}}",
        "{{" + "[" * 990 + "]" * 990 + "}}",
        "{{" + "-" * 1900 + "1}}",
        "{{ " + "9" * 1990 + " }}",
        "{{ first_name" + "|e" * 900 + " }}",
    ],
)
def test_a_hostile_template_is_refused(source):
    with pytest.raises(InvalidTemplate):
        compile_template(source)


@given(st.text())
def test_a_value_is_never_expanded(value):
    template = compile_template("{first_name}{{ last_name }}")
    hostile = value[:50] + "{{ 7*7 }}{phone}%s"
    text = template.render({"first_name": hostile, "last_name": "", "phone": "secret"})
    assert text.endswith("{{ 7*7 }}{phone}%s")


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L"]), max_size=300))
def test_a_value_cannot_break_the_text_around_it(value):
    text = compile_template("{first_name}").render({"first_name": value})
    assert len(text) <= MAX_VALUE
    assert not set(text) & set("\0\n\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    text.encode()


def test_joiners_and_letters_of_every_script_are_kept():
    for name in ("👩‍👩‍👧", "می‌خواهم", "Ελένη", "O'Neil", "山田 太郎", "José\u00a0María"):
        assert rendered("{first_name}", first_name=name) == name


def test_line_breaks_in_a_value_become_spaces_and_those_of_the_template_stay():
    assert rendered("Hi {first_name}\nBye\n", first_name="Anna\r\nMaria") == "Hi Anna Maria\nBye\n"


def test_nested_values_are_empty_and_numbers_are_written():
    assert rendered("{first_name}{location}{phone}", first_name={"a": 1}, location=[1], phone=7) == "7"


PLAIN_FILTERS = sorted(set(FILTERS) & {"lower", "trim", "capitalize"})
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="{}%#"), max_size=20)
SLOTS = st.tuples(st.sampled_from(sorted(CUSTOMER_FIELDS)), st.lists(st.sampled_from(PLAIN_FILTERS), max_size=3))


@given(st.lists(TEXT | SLOTS, max_size=12), st.fixed_dictionaries(dict.fromkeys(CUSTOMER_FIELDS, TEXT)))
def test_texts_are_rendered_as_jinja_would(parts, values):
    source = "".join(part if isinstance(part, str) else "{{ " + "|".join([part[0], *part[1]]) + " }}" for part in parts)
    jinja = Environment(keep_trailing_newline=True).from_string(source)
    assert compile_template(source).render(values) == jinja.render(values)


@given(st.text(alphabet="{}%#|\"'() ab_first_name0123\n", max_size=60))
def test_any_source_is_either_compiled_or_refused(source):
    try:
        template = compile_template(source)
    except InvalidTemplate:
        return
    assert isinstance(template.render(ALICE), str)
