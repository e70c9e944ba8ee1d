"""Which business-service a business has, and what a mapping that cannot be used is refused with."""

import json

import pytest

from config.settings import Settings
from dispatch.clients.mapping import business_url
from dispatch.errors import RemoteNotConfigured


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_domain_mapping_comes_before_the_map_and_the_map_before_the_one_url(tmp_path):
    hosts = {"a.example.com": {"brandId": None, "businessId": "1"}, "localhost:81": {"businessId": "2"}}
    urls = {"https://b.example.com/base": "3", "https://no.example.com": "1"}
    where = Settings(
        _env_file=None,
        domain_mapping_file=written(tmp_path, "d.json", hosts),
        business_service_map_file=written(tmp_path, "m.json", urls),
        business_service_url="https://c.example.com",
    )
    assert [str(business_url(business, where)) for business in "1234"] == [
        "https://a.example.com",
        "https://localhost:81",
        "https://b.example.com/base",
        "https://c.example.com",
    ]
    local = where.model_copy(update={"business_service_url_scheme": "http"})
    assert str(business_url("2", local)) == "http://localhost:81"


@pytest.mark.parametrize(
    ("content", "says_so"),
    [
        (None, "cannot be read"),
        ("{", "cannot be used"),
        ("[]", "cannot be used"),
        ({"a.example.com": "1"}, "at a.example.com"),
        ({"a.example.com": {"brandId": "x"}}, "at a.example.com.businessId"),
        ({"a b/?c": {"businessId": "1"}}, "is not the URL"),
    ],
)
def test_a_mapping_file_that_cannot_be_used_is_named(tmp_path, content, says_so):
    path = tmp_path / "none.json" if content is None else written(tmp_path, "d.json", content)
    with pytest.raises(RemoteNotConfigured, match=f"^DOMAIN_MAPPING_FILE: .*{says_so}"):
        business_url("1", Settings(_env_file=None, domain_mapping_file=path))


def test_a_business_that_is_nowhere_is_refused():
    with pytest.raises(RemoteNotConfigured, match="set BUSINESS_SERVICE_URL"):
        business_url("1", Settings(_env_file=None))
