"""What stands in Redis: JSON that is signed with a key of ours, so that no one else's is ever read as a job of ours."""

import hmac
from collections.abc import Iterable
from typing import Any

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from config.settings import settings

# Of what RQ keeps, the fields that a job of ours has. The others would make RQ call, wait for or repeat something.
_KEPT = (
    *("data", "origin", "signature", "description", "status", "created_at", "enqueued_at"),
    *("timeout", "result_ttl", "failure_ttl"),
)


class UnsignedJob(Exception):
    """No key of ours signed the job; nothing of it was read."""


class SignedJob(Job):
    """A job whose signature covers its id, its queue, and the function and arguments in `data`.

    A copy of a signed job is run again, which changes nothing: claims decide.
    """

    # RQ would import callbacks by a name read from Redis, and we have none.
    success_callback = None
    failure_callback = None
    stopped_callback = None

    def __init__(self, id: str | None = None, connection: Redis | None = None, serializer: Any = None) -> None:
        # rq-scheduler passes no serializer, and the default is pickle.
        super().__init__(id, connection, JSONSerializer)

    @classmethod
    def create(cls, *arguments: Any, **options: Any) -> "SignedJob":
        """Returns a new job; like all of ours it is JSON."""
        return super().create(*arguments, **options | {"serializer": JSONSerializer})  # type: ignore[return-value]

    def to_dict(self, include_meta: bool = True, include_result: bool = True) -> dict[str, Any]:
        """Returns what Redis keeps of the job, with its signature."""
        fields: dict[str, Any] = super().to_dict(include_meta, include_result)
        return fields | {"signature": signature(self.id, fields.get("origin", ""), fields["data"])}

    def refresh(self) -> None:
        """Reads the job from Redis.

        NoSuchJobError if it is not there; UnsignedJob, before anything is decoded, if no key of ours signed it.
        """
        values = self.connection.hmget(self.key, _KEPT)
        fields: dict[str, Any] = {name: value or b"" for name, value in zip(_KEPT, values, strict=True)}
        if not fields["data"]:
            raise NoSuchJobError(f"No such job: {self.key}")
        if not is_signed(fields["signature"], self.id, fields["origin"], fields["data"]):
            raise UnsignedJob
        self.restore({name.encode(): value for name, value in fields.items() if value})


def signature(*parts: str | bytes, purpose: bytes = b"job") -> str:
    """Returns our signature of the parts; one for another purpose does not match."""
    key, *_ = settings().job_signing_keys
    return _signature(key, purpose, parts)


def is_signed(given: bytes, *parts: str | bytes, purpose: bytes = b"job") -> bool:
    """Returns whether one of our keys signed these parts for this purpose."""
    signed = [_signature(key, purpose, parts).encode() for key in settings().job_signing_keys]
    return any(hmac.compare_digest(given, each) for each in signed)


def _signature(key: bytes, purpose: bytes, parts: Iterable[str | bytes]) -> str:
    """Returns the HMAC-SHA256 of the parts, each with its length, so that no two lists of parts are the same text."""
    signed = hmac.new(key, purpose, "sha256")
    for part in parts:
        text = part.encode() if isinstance(part, str) else part
        signed.update(len(text).to_bytes(8, "big") + text)
    return signed.hexdigest()
