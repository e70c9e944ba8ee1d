"""Where the business-service of a business is: DOMAIN_MAPPING_FILE, then BUSINESS_SERVICE_MAP_FILE, then one URL."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from yarl import URL

from config.addresses import has_usable_port
from config.settings import Settings
from dispatch.errors import RemoteNotConfigured

T = TypeVar("T")

MAX_FILE_BYTES = 4 * 1024 * 1024


class MappedBusiness(BaseModel):
    """One entry of DOMAIN_MAPPING_FILE, which user-service reads too."""

    model_config = ConfigDict(extra="ignore")

    business_id: str = Field(alias="businessId")


_BY_HOST = TypeAdapter(dict[str, MappedBusiness])
_BY_URL = TypeAdapter(dict[str, str])


def business_url(business_id: str, settings: Settings) -> URL:
    """Returns the base URL of the business-service that knows the business.

    RemoteNotConfigured names the setting that is missing or whose file cannot be used.
    """
    if settings.domain_mapping_file:
        by_host = _read(settings.domain_mapping_file, _BY_HOST, setting="DOMAIN_MAPPING_FILE")
        for host, business in by_host.items():
            if business.business_id == business_id:
                return _url(f"{settings.business_service_url_scheme}://{host}", setting="DOMAIN_MAPPING_FILE")
    if settings.business_service_map_file:
        by_url = _read(settings.business_service_map_file, _BY_URL, setting="BUSINESS_SERVICE_MAP_FILE")
        for url, mapped_id in by_url.items():
            if mapped_id == business_id:
                return _url(url, setting="BUSINESS_SERVICE_MAP_FILE")
    if settings.business_service_url:
        return _url(settings.business_service_url, setting="BUSINESS_SERVICE_URL")
    raise RemoteNotConfigured(
        f"No business-service is known for the business {business_id!r}; "
        "add it to DOMAIN_MAPPING_FILE or set BUSINESS_SERVICE_URL."
    )


def _read(path: Path, kind: TypeAdapter[T], *, setting: str) -> T:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        raise RemoteNotConfigured(f"{setting}: {path} cannot be read ({problem.strerror}).") from None
    if len(content) > MAX_FILE_BYTES:
        raise RemoteNotConfigured(f"{setting}: {path} is larger than {MAX_FILE_BYTES // 2**20} MiB.")
    try:
        return kind.validate_json(content)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False, include_context=False)[0]
        place = "".join(f" at {'.'.join(map(str, first['loc']))}" for _ in first["loc"][:1])
        raise RemoteNotConfigured(f"{setting}: {path} cannot be used{place}: {first['msg']}.") from None


def _url(text: str, *, setting: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host or url.user or url.query_string or not has_usable_port(text):
        raise RemoteNotConfigured(f"{setting}: {text[:200]!r} is not the URL of a service.")
    return url
