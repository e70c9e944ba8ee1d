"""The shape of every refusal."""

from typing import Any

from pydantic import BaseModel

from dispatch.formats.described import DescribedOnce


class ErrorDetail(BaseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None


class ErrorAnswer(DescribedOnce):
    """Every refusal."""

    error: ErrorDetail
    requestId: str
