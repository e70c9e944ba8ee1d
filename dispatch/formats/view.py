"""What people see of a row: the API's answer, the CLI's table and the columns of a file are the same fields."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

# As `isoformat` writes it (+00:00); pydantic alone would write Z.
Time = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class View(BaseModel):
    """A view is made from a row and is never changed; its fields are the only list of what is shown."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
