"""A name that people take for the same names the same list, segment or template."""

from io import BytesIO

import pytest

from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment, segment_called
from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.lists import create_list, list_called, read_list, rename_list
from dispatch.errors import Duplicate, InvalidRequest
from dispatch.texts.stored import create_template, edit_template, template_called
from tests.factories import an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")

FILTER = read_filter({"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]})
TWINS = [
    "spring café",
    "SPRING CAFÉ",
    "Spring  Café",
    " Spring\u00a0Café ",
    "Spring Cafe\u0301",
    "Ｓｐｒｉｎｇ Café",
    "Spr\u200bing Café\ufeff",
    "Spring\u3000Café",
]
CREATE = {
    "list": lambda caller, name: create_list(caller, name=name),
    "segment": lambda caller, name: create_segment(caller, name=name, filter=FILTER),
    "template": lambda caller, name: create_template(caller, name=name, body="Hi"),
}
FIND = {"list": list_called, "segment": segment_called, "template": template_called}


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("kind", CREATE)
def test_a_twin_by_case_width_spaces_or_what_cannot_be_seen_is_refused_and_found(kind, name):
    caller = asking(an_account().id)
    made = CREATE[kind](caller, "Spring Café")
    with pytest.raises(Duplicate):
        CREATE[kind](caller, name)
    assert FIND[kind](caller, name) == made.id
    assert CREATE[kind](caller, "Spring Cafe").id != made.id
    assert CREATE[kind](asking(an_account().id), name).id != made.id


@pytest.mark.parametrize("name", TWINS)
def test_an_import_does_not_make_a_twin_of_a_list(name):
    caller = asking(an_account(country="GR").id)
    made = create_list(caller, name="Spring Café")
    started = start_import(caller, BytesIO(b"phone\n6900000001\n"), Wish(name))
    assert (started.list_id, read_list(caller, made.id).name) == (made.id, "Spring Café")


def test_a_list_or_template_cannot_be_renamed_to_a_twin_but_its_own_name_can_be_written_in_another_way():
    caller = asking(an_account().id)
    first, second = create_list(caller, name="Spring"), create_list(caller, name="Summer")
    with pytest.raises(Duplicate):
        rename_list(caller, second.id, name="SPRING")
    assert rename_list(caller, first.id, name="SPRING").name == "SPRING"
    create_template(caller, name="Hello", body="Hi")
    other = create_template(caller, name="Goodbye", body="Bye")
    with pytest.raises(Duplicate):
        edit_template(caller, other.id, name="hello")


def test_a_name_is_stored_in_composed_characters_without_what_cannot_be_seen():
    caller = asking(an_account().id)
    assert create_list(caller, name=" \u200eCafe\u0301\u00a0 \u200bBar\ufeff").name == "Café Bar"
    assert create_list(caller, name="👩\u200d🚀 crew").name == "👩\u200d🚀 crew"
    with pytest.raises(InvalidRequest, match="0"):
        create_list(caller, name="\u200b\ufeff")
