"""Views: what their errors may say."""

import pytest
from pydantic import ValidationError

from dispatch.audience.previews import PersonView


def test_an_error_in_a_view_names_the_field_and_does_not_quote_the_row():
    with pytest.raises(ValidationError) as problem:
        PersonView.model_validate({"id": 1, "phone": ["+306912345678"]})
    assert "phone" in str(problem.value)
    assert "+306912345678" not in str(problem.value)
