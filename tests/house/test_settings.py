"""Every setting is documented, read in one place, and refused in one clear line when it is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from config.addresses import HttpAddress, PostgresqlAddress, RedisAddress
from config.settings import BadSetting, Rate, Settings, load_settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()
PAGE = (ROOT / "docs/settings.md").read_text()
VARIABLES = {name.upper(): field for name, field in Settings.model_fields.items()}
SCHEMA = Settings.model_json_schema()["properties"]
# Of a whole field, and what the page says it takes.
KINDS = {HttpAddress | None: "URL", PostgresqlAddress | None: "URL", RedisAddress | None: "URL"}
FORMATS = {"password": "secret", "path": "path", "uuid": "UUID"}
RATE = TypeAdapter(Rate).json_schema()["pattern"]


def _load(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Reads the settings in a new process in an empty directory, so that a developer's .env does not count."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from config.settings import settings; print(settings())"
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_names_every_variable_once_and_sets_none():
    named = re.findall(r"^# ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted(VARIABLES)
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


@pytest.mark.parametrize("name", VARIABLES)
def test_the_example_shows_the_default(name):
    shown = re.search(rf"^# ?{name}=(.*)$", EXAMPLE, re.MULTILINE)
    assert shown is not None
    field = VARIABLES[name]
    default = field.examples[0] if field.default is None and field.examples else field.default
    expected = "" if default is None else str(int(default)) if isinstance(default, bool) else str(default)
    assert shown[1] == expected
    assert field.description


@pytest.mark.parametrize("name", VARIABLES)
def test_the_example_says_what_the_variable_does(name):
    assert f"\n# {VARIABLES[name].description}\n# {name}=" in EXAMPLE


def test_the_page_has_one_row_for_every_variable():
    assert sorted(re.findall(r"^\| `([A-Z0-9_]+)` \|", PAGE, re.MULTILINE)) == sorted(VARIABLES)


@pytest.mark.parametrize("name", VARIABLES)
def test_the_page_says_of_each_variable_what_the_settings_say(name):
    field = VARIABLES[name]
    default = f"`{int(field.default) if isinstance(field.default, bool) else field.default}`"
    default = "–" if field.default in (None, "") else default
    assert f"\n| `{name}` | {default} | {allowed(name)} | {field.description} |\n" in PAGE


def test_the_page_shows_what_is_said_of_a_wrong_value(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEND_WINDOW", "many")
    with pytest.raises(BadSetting) as refused:
        load_settings()
    assert f"\n{refused.value}\n" in PAGE


def allowed(name: str) -> str:
    """Returns which values a variable takes, as the page writes it."""
    if kind := KINDS.get(VARIABLES[name].annotation):
        return kind
    schema = SCHEMA[name.lower()]
    match schema.get("anyOf", [schema])[0]:
        case {"enum": words}:
            return ", ".join(f"`{word}`" for word in words)
        case {"type": "boolean"}:
            return "`0` or `1`"
        case {"type": "integer" | "number" as kind, **bounds}:
            return numbers(kind, bounds)
        case {"pattern": pattern} if pattern == RATE:
            return "rate"
        case text:
            return FORMATS.get(text.get("format", ""), "text")


def numbers(kind: str, bounds: dict[str, float]) -> str:
    above, least, most = (bounds.get(name) for name in ("exclusiveMinimum", "minimum", "maximum"))
    if above is not None and kind == "integer":
        above, least = None, above + 1
    if above is not None:
        return f"above {above:g}" + ("" if most is None else f", at most {most:,.0f}")
    if least is None:
        return f"any {kind}"
    return f"{least:,.0f} or more" if most is None else f"{least:,.0f} to {most:,.0f}"


def test_copying_the_example_changes_nothing(tmp_path):
    without = _load(tmp_path).stdout
    (tmp_path / ".env").write_text(EXAMPLE)
    assert _load(tmp_path).stdout == without != ""


def test_dot_env_is_read_and_the_real_environment_wins(tmp_path):
    (tmp_path / ".env").write_text("SEND_WINDOW=11\nBATCH_SIZE=12\n")
    shown = _load(tmp_path, SEND_WINDOW="13").stdout
    assert "send_window=13" in shown
    assert "batch_size=12" in shown


def test_a_dot_env_that_cannot_be_read_ends_the_process_with_one_line(tmp_path):
    (tmp_path / ".env").write_bytes(b"DEFAULT_FROM=Caf\xe9\n")
    refused = _load(tmp_path)
    assert refused.returncode == 1
    assert refused.stderr == "campaign-dispatch: .env is not in UTF-8; save it as that\n"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SEND_WINDOW", "many", "for example SEND_WINDOW=256"),
        ("BATCH_SIZE", "0", "for example BATCH_SIZE=1000"),
        ("REDIS_URL", "http://h:s3cret@x", "for example REDIS_URL=redis://"),
        ("REDIS_URL", "redis://:s3cret@host:99999/0", "has a port that is not a number"),
        ("REDIS_URL", "redis://:s3cret@host:0/0", "has a port that is not a number from 1"),
        ("REDIS_URL", "redis://:s3cret@host/0?port=0", "has a port that is not a number from 1"),
        ("REDIS_URL", "redis://:s3cret#@host/0", "# %23"),
        ("DATABASE_URL", "mysql://u:s3cret@x/y", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql://u:s3cret@1@host/y", "@ is written %40"),
        ("DATABASE_URL", "postgresql://u:s3cret@[::1/y", "cannot be read"),
        ("DATABASE_URL", "postgresql://u:s3cret@host:port/y", "cannot be read"),
        ("DATABASE_URL", "postgresql://u:s3cret@host/y?pool=3", "cannot be read"),
        ("DATABASE_URL", "postgresql://u:s3cret@host:0/y", "has a port that is not a number from 1 to 65535"),
        ("DATABASE_URL", "postgresql://u:s3cret@host:65536/y", "has a port that is not a number from 1 to 65535"),
        (
            "DATABASE_URL",
            "postgresql://u:s3cret@host:5432,other:0/y",
            "has a port that is not a number from 1 to 65535",
        ),
        ("DATABASE_URL", "postgresql://u:s3cret@host/y?port=0", "has a port that is not a number from 1 to 65535"),
        ("JOB_SIGNING_KEY", "s3cret", "for example JOB_SIGNING_KEY=$(openssl rand -hex 32)"),
        ("JOB_SIGNING_KEY", "s3cret" * 6 + ",", "at least 32 characters"),
        ("SYSTEM_USER_ID", "nobody", "for example SYSTEM_USER_ID=00000000-"),
        ("SIMULATOR_URL", "localhost", "must start with http://"),
        ("LEASE_SEC", "10", "longer than PROVIDER_TIMEOUT_SEC"),
        ("STOP_WITHIN_SEC", "19", "at least 20, because calls may take PROVIDER_TIMEOUT_SEC (10)"),
        ("LOG_FORMAT", "xml", "for example LOG_FORMAT=json"),
        ("REDIS_TLS_VERIFY", "perhaps", "for example REDIS_TLS_VERIFY=1"),
    ],
)
def test_a_wrong_value_ends_the_process_with_one_line_and_no_secret(tmp_path, variable, value, says):
    refused = _load(tmp_path, **{variable: value})
    assert refused.returncode == 1
    (line,) = refused.stderr.strip().splitlines()
    assert line.startswith(f"campaign-dispatch: {variable}: ")
    assert says in line
    assert "s3cret" not in line


NUMBERS = [name for name in VARIABLES if re.match(r"[-\d]|above", allowed(name))]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_a_largest_value(name):
    assert re.search(r" to |at most", allowed(name))


@pytest.mark.parametrize("value", ["9" * 20, f"-{'9' * 20}", "9" * 5000, "1e300", "-1e300", "inf", "-inf", "nan"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_nothing_can_count_is_refused_by_name(tmp_path, monkeypatch, name, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"^campaign-dispatch: {name}: .*; for example {name}=") as refused:
        load_settings()
    assert "\n" not in str(refused.value)


def test_production_refuses_to_start_workers_inside_web(tmp_path):
    refused = _load(tmp_path, ENVIRONMENT="production", START_WORKER="1")
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("campaign-dispatch: START_WORKER: must stay 0 in production")


def test_production_refuses_to_start_without_a_key_for_its_jobs(tmp_path):
    refused = _load(tmp_path, ENVIRONMENT="production")
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("campaign-dispatch: JOB_SIGNING_KEY: must be set in production")
    assert _load(tmp_path, ENVIRONMENT="production", JOB_SIGNING_KEY="s3cret" * 6).returncode == 0


def test_messaging_service_without_a_token_is_refused_by_name(tmp_path):
    named = {"MESSAGING_SERVICE_URL": "http://h", "KEYCLOAK_TOKEN_URL": "http://k", "KEYCLOAK_CLIENT_ID": "x"}
    refused = _load(tmp_path, **named)
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("campaign-dispatch: KEYCLOAK_CLIENT_SECRET: must be set")
    assert "SecretStr('**********')" in _load(tmp_path, **named, KEYCLOAK_CLIENT_SECRET="s3cret").stdout


def test_secrets_are_never_shown(tmp_path):
    shown = _load(tmp_path, DATABASE_URL="postgresql://u:s3cret@h/d", REDIS_URL="redis://:s3cret@h").stdout
    assert shown
    assert "s3cret" not in shown


def test_nothing_else_reads_the_environment():
    """Only config/settings.py does; embedded servers and child processes merely pass an environment on."""
    allowed = {"config/settings.py"}
    reads = re.compile(r"os\.getenv|os\.environ(?:\[\"[A-Z_]+\"\](?! =)|\.get)")
    rooms = ("api", "cli", "config", "dispatch", "embedded", "jobs", "models", "scheduling", "sweeper")
    found = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert found - allowed == set()
