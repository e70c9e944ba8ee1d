"""What people see of a row: the API's answer, the CLI's table and the columns of a file are the same fields."""

from datetime import datetime, time
from typing import Annotated

from pydantic import (
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from dispatch.formats.described import DescribedOnce
from models.states import CHANNELS, MESSAGE_STATES

# As `isoformat` writes it (+00:00); pydantic alone would write Z.
Time = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

# A time of day, as HH:MM.
Clock = Annotated[
    time,
    PlainSerializer(lambda clock: f"{clock:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}),
]

# Which there are is defined by the table; a value that is none of them is refused where it is used.
Channel = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CHANNELS)})]
MessageState = Annotated[str, WithJsonSchema({"type": "string", "enum": list(MESSAGE_STATES)})]


class View(DescribedOnce):
    """A view is made from a row and is never changed; its fields are the only list of what is shown."""

    # An error ends in the log, which never quotes what a row contains.
    model_config = ConfigDict(frozen=True, from_attributes=True, hide_input_in_errors=True)


class SparseView(View):
    """A view whose JSON has only the fields that were given."""

    # Without a return type, since pydantic would document that instead of the fields.
    @model_serializer(mode="wrap")
    def _only_what_was_given(self, dump: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        return {name: value for name, value in dump(self).items() if name in self.model_fields_set}
