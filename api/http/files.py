"""How an uploaded file is read: its encoding, and what the names in its first line mean."""

from pydantic import Field

from api.http.inputs import Organization
from dispatch.errors import InvalidRequest
from dispatch.formats import strict_json


class FileOptions(Organization):
    """Options for a file that is the body itself."""

    encoding: str | None = Field(None, description="if it is not certain, such as windows-1253")
    mapping: str | None = Field(None, description='JSON, as {"phone": "Mobile"}: what names in the first line mean')


def mapping_of(given: str | None) -> dict[str, str] | None:
    """Returns the name in the first line for each column; InvalidRequest unless it is a JSON object of texts."""
    if not given:
        return None
    try:
        mapping = strict_json.loads(given)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(name, str) and name.strip() for name in mapping.values()):
        raise InvalidRequest('mapping is a JSON object of texts, such as {"phone": "Mobile"}.', field="mapping")
    return mapping
