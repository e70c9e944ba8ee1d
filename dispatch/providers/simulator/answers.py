"""The answers of our own format, which services without one of their own give (docs/simulator.md)."""

from typing import Any

from aiohttp import web

from dispatch.providers.simulator.decisions import Decision


def answer(decision: Decision, provider_id: str, *, accepted: int = 201) -> web.Response:
    """Returns the answer to a message of which this was decided; an acceptance has the status `accepted`."""
    said = decision.answer
    if decision.status < 300:
        return web.json_response({"id": provider_id}, status=accepted)
    headers = {} if said.retry_after is None else {"Retry-After": f"{said.retry_after:g}"}
    retryable = said.outcome == "retryable"
    return error(decision.status, said.error_code or "refused", retryable=retryable, headers=headers)


def error(
    status: int, code: str, *, message: str = "", retryable: bool = False, headers: dict[str, str] | None = None
) -> web.Response:
    """Returns a refusal with this code."""
    described: dict[str, Any] = {"code": code, "retryable": retryable}
    if message:
        described["message"] = message
    return web.json_response({"error": described}, status=status, headers=headers)
