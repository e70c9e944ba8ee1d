"""A file of which nothing could be used is a failure for scripts; one of which something could is none."""

import pytest

from tests.factories import an_account

NONE = "phone\n12\nnobody\n"
NOUNS = [("customers", ("--list", "spring")), ("suppressions", ())]
SOME = NONE + "6912345678\n"


@pytest.mark.parametrize(("noun", "more"), NOUNS)
@pytest.mark.parametrize(("text", "status", "rejected"), [(NONE, 1, 2), (SOME, 0, 2), ("phone\n", 0, 0)])
def test_a_script_sees_that_every_line_was_rejected(cli, tmp_path, noun, more, text, status, rejected):
    an_account(name="Acme", country="GR")
    (tmp_path / "phones.csv").write_text(text)
    answer = cli(noun, "import", tmp_path / "phones.csv", "--account", "Acme", *more, "--json")
    assert (answer.status, answer.json["rejected"]) == (status, rejected)


@pytest.mark.parametrize(("noun", "more"), NOUNS)
def test_a_file_without_phones_or_that_is_not_there_changes_nothing_and_fails(cli, tmp_path, noun, more):
    an_account(name="Acme", country="GR")
    (tmp_path / "names.csv").write_text("name\nMaria\n")
    assert cli(noun, "import", tmp_path / "names.csv", "--account", "Acme", *more, "--json").status == 1
    assert cli(noun, "import", tmp_path / "nowhere.csv", "--account", "Acme", *more, "--json").status in (1, 2)
