"""Every setting, once: its environment variable, default and meaning. Nothing else reads the environment."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.addresses import HttpAddress, Networks, PostgresqlAddress, RedisAddress
from config.explain import explain
from config.simulated_phones import PhonesText

# What a worker needs after its last answer, to record it and end; and what its supervisor needs after that.
FINISH_SEC = 5.0
# No wait and no interval is longer: clocks, timers and PostgreSQL could not count every number that can be written.
DAY_SEC = 86_400
DAY_MS = DAY_SEC * 1000

Rate = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,8}/(second|minute|hour|day)$")]


MIN_SIGNING_KEY = 32
MIN_TOKEN = 16
# Anyone can read it here: without a key, processes on a developer's machine still understand each other.
_UNSAFE_KEY = b"no key: development and tests only"


class Settings(BaseSettings):
    """The environment of one process; `.env` is read too, and the real environment takes precedence."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True, allow_inf_nan=False)

    environment: Literal["development", "production", "test"] = Field(
        "development", description="production refuses unsafe conveniences such as START_WORKER=1"
    )

    # Servers. When unset, the command line uses the servers that `up` runs in the data directory.
    database_url: PostgresqlAddress | None = Field(
        None, description="PostgreSQL", examples=["postgresql://user:password@host:5432/campaigns"]
    )
    redis_url: RedisAddress | None = Field(
        None, description="Redis or Valkey; rediss:// means TLS", examples=["redis://host:6379/0"]
    )
    redis_tls_verify: bool = Field(True, description="check the certificate of a rediss:// server")
    job_signing_key: SecretStr | None = Field(
        None,
        description="signs jobs, so that no one else's are run: 32 characters or more, the same for every process; "
        "of several, separated by commas, the first signs and all are accepted",
        examples=["$(openssl rand -hex 32)"],
    )
    provider_key: SecretStr | None = Field(
        None,
        description="seals the credentials of providers: 32 characters or more, the same for every process; "
        "of several, separated by commas, the first seals and each opens what it has sealed",
        examples=["$(openssl rand -hex 32)"],
    )
    link_key: SecretStr | None = Field(
        None,
        description="makes the codes of short links: 32 characters or more, the same for every process; "
        "of several, separated by commas, the first makes codes and each reads those it has made",
        examples=["$(openssl rand -hex 32)"],
    )
    database_pool: int = Field(16, ge=1, le=1000, description="connections per process, at most")
    database_timeout_sec: int = Field(60, ge=1, le=600, description="a statement that takes longer is given up")
    disk_free_mib: int = Field(
        512, ge=0, le=1_000_000_000, description="`doctor` reports a disk with less room than this, in MiB"
    )
    data_dir: Path = Field(Path(".data"), description="where `up` keeps its servers, logs and run.json")

    # Web.
    web_host: str = Field(
        "0.0.0.0", pattern=r"^[A-Za-z0-9.:_-]+$", description="where web listens; `up` and the demo choose 127.0.0.1"
    )
    port: int = Field(8000, ge=1, le=65535, description="the port on which web listens")
    web_workers: int = Field(2, ge=1, le=1000, description="gunicorn processes")
    web_connections: int = Field(2000, ge=1, le=1_000_000, description="connections per gunicorn process, at most")
    web_connections_per_address: int = Field(
        500,
        ge=1,
        le=1_000_000,
        description="connections per gunicorn process from one address, unless there are TRUSTED_PROXIES",
    )
    web_streams_per_account: int = Field(
        20, ge=1, le=1_000_000, description="event streams per account and gunicorn process"
    )
    web_downloads_per_account: int = Field(
        30, ge=1, le=1_000_000, description="downloads per account and gunicorn process"
    )
    start_worker: bool = Field(False, description="web also starts `python -m jobs` (development only)")
    rate_limit_read: Rate = Field("30000/minute", description="requests per key that read")
    rate_limit_write: Rate = Field("6000/minute", description="requests per key that change something")
    rate_limit_send: Rate = Field("600/minute", description="requests per key that start, approve or schedule sending")
    rate_limit_links: Rate = Field("30000/minute", description="openings of short links from one address")
    rate_limit_account_factor: int = Field(
        2, ge=1, le=1000, description="all keys of an account may send so many times that"
    )
    wrong_keys_per_minute: int = Field(
        300, ge=1, le=1_000_000, description="wrong API keys from one address; then it has to wait"
    )
    wrong_keys_per_hour: int = Field(
        3000, ge=1, le=1_000_000, description="the same in an hour; then it waits until the hour ends"
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="proxies of ours in front of web, whose X-Forwarded-For says who asks"
    )
    console_idle_minutes: int = Field(
        30, ge=1, le=1440, description="a session of the console ends when it has not been used for so long"
    )
    console_session_hours: int = Field(12, ge=1, le=720, description="and at the latest after so many hours")
    rq_dashboard: bool = Field(False, description="serve rq-dashboard at /rq to operator keys")

    # Sweeper.
    schedule_sweep_interval_ms: int = Field(60_000, ge=1000, le=DAY_MS, description="how often due campaigns are swept")
    schedule_sweep_limit: int = Field(25, ge=1, le=10_000, description="due campaigns per page of a sweep")
    enqueue_lock_ttl_sec: int = Field(
        600, ge=1, le=DAY_SEC, description="how long a campaign's Redis lock may be renewed"
    )
    recover_interval_ms: int = Field(5000, ge=100, le=DAY_MS, description="how often recovery looks for lost work")
    schedule_tick_interval_ms: int = Field(30_000, ge=100, le=DAY_MS, description="how often schedules are looked at")
    schedule_run_keep_days: int = Field(90, ge=1, le=36_500, description="how long runs of schedules are kept")
    import_keep_days: int = Field(90, ge=1, le=36_500, description="how long ended imports and their rejects are kept")
    reply_keep_days: int = Field(
        365, ge=7, le=36_500, description="how long what people write back is kept, and what they were answered"
    )
    system_user_id: UUID = Field(
        UUID(int=0),
        description="recorded as the actor of what the sweeper starts",
        examples=[str(UUID(int=1))],
    )

    # Enqueue.
    enqueue_inline_limit: int = Field(
        20_000, ge=0, le=1_000_000_000, description="larger audiences are prepared by jobs"
    )
    batch_size: int = Field(1000, ge=1, le=32_767, description="messages per batch")
    stale_prepare_sec: int = Field(
        60, ge=1, le=DAY_SEC, description="an untouched preparation is taken over after this"
    )

    # Sending.
    send_workers: int = Field(2, ge=1, le=1000, description="send worker processes of `python -m jobs`")
    send_window: int = Field(256, ge=1, le=1000, description="messages in flight per send worker")
    provider_timeout_sec: float = Field(10, gt=0, le=60, description="a call without an answer after this is `unknown`")
    stop_within_sec: int = Field(
        30, ge=1, le=DAY_SEC, description="the platform kills a process this long after SIGTERM"
    )
    lease_sec: int = Field(30, ge=1, le=DAY_SEC, description="a message in flight longer than this becomes `unknown`")
    lost_after_sec: int = Field(
        8, ge=1, le=DAY_SEC, description="a pushed batch untouched this long may have lost its job"
    )
    retry_base_sec: float = Field(2, gt=0, le=3600, description="first wait of a retry or deferral")
    sender_rate: float | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="segments per second of each sender whose provider names no `rate`; no limit when unset",
        examples=["50"],
    )

    # Providers.
    public_url: HttpAddress | None = Field(
        None,
        description="where web is reached from outside: the address that providers call and sign, and that short links "
        "begin with unless their account has a `link_url`",
        examples=["https://campaigns.example.com"],
    )
    private_networks: Networks = Field(
        "",
        description="private addresses that accounts may name for webhooks and providers, as networks separated by "
        "commas",
        examples=["10.1.0.0/16"],
    )

    # The simulated provider.
    simulator_url: HttpAddress | None = Field(
        None, description="a `simulator` process to send through", examples=["http://127.0.0.1:8025"]
    )
    simulator_failure_rate: float = Field(0.05, ge=0, le=1, description="share of retryable failures")
    simulator_latency_ms: float = Field(0, ge=0, le=DAY_MS, description="how long each simulated call takes")
    simulator_seed: int = Field(1, ge=-(10**18), le=10**18, description="makes the simulator's choices repeatable")
    simulator_phones: PhonesText | None = Field(
        None,
        description="what becomes of accepted messages, as shares, with PUBLIC_URL: docs/simulator.md",
        examples=["delivered=0.9,undelivered=0.05,replies=0.02,stop=0.01"],
    )
    simulator_attempts: Path | None = Field(None, description="records every attempt: phone, body, outcome")

    # Remote services, for campaigns whose audience is `remote` (docs/remote.md).
    user_service_url: HttpAddress | None = Field(
        None, description="user-service, which says who a campaign is for", examples=["https://users.example.com"]
    )
    user_query_page_size: int = Field(1000, ge=1, le=10_000, description="users per page of user-service")
    domain_mapping_file: Path | None = Field(
        None,
        description="JSON: hostname of a business-service to its businessId",
        examples=["/etc/campaign-dispatch/domain-mapping.json"],
    )
    business_service_url_scheme: Literal["https", "http"] = Field(
        "https", description="scheme of the URLs made from DOMAIN_MAPPING_FILE"
    )
    business_service_map_file: Path | None = Field(
        None,
        description="JSON: URL of a business-service to its businessId; asked after DOMAIN_MAPPING_FILE",
        examples=["/etc/campaign-dispatch/business-map.json"],
    )
    business_service_url: str | None = Field(
        None,
        description="business-service of every business that no file names",
        examples=["https://business.example.com"],
    )
    messaging_service_url: HttpAddress | None = Field(
        None, description="messaging-service to send through", examples=["https://messaging.example.com"]
    )
    default_from: str | None = Field(
        None, description="sender of messages whose account has none", examples=["Acme"], max_length=100
    )
    keycloak_token_url: HttpAddress | None = Field(
        None,
        description="token endpoint for calls to the remote services",
        examples=["https://keycloak.example.com/realms/main/protocol/openid-connect/token"],
    )
    keycloak_client_id: str | None = Field(
        None, description="client of the token endpoint", examples=["campaign-dispatch"]
    )
    keycloak_client_secret: SecretStr | None = Field(None, description="secret of that client")

    # Metrics (docs/metrics.md).
    metrics_token: SecretStr | None = Field(
        None,
        description="lets Prometheus read /metrics, beside operators' keys: 16 characters or more",
        examples=["$(openssl rand -hex 32)"],
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="`python -m jobs` shows there what its processes count; for machines that share no directory with "
        "web",
        examples=["9100"],
    )
    prometheus_multiproc_dir: Path | None = Field(
        None,
        description="where the processes of one machine keep what they count; web makes one for its own when unset",
        examples=["/run/campaign-dispatch/metrics"],
    )

    # Traces (docs/traces.md).
    otel_exporter_otlp_endpoint: HttpAddress | None = Field(
        None,
        description="where OpenTelemetry sends spans, as OTLP over HTTP; it is installed with the extra `otel`",
        examples=["http://127.0.0.1:4318"],
    )
    otel_service_name: str = Field("campaign-dispatch", min_length=1, max_length=200, description="what spans name us")
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = Field("parentbased_always_on", description="which traces are recorded; parentbased_*: as its caller decided")
    otel_traces_sampler_arg: float = Field(1.0, ge=0, le=1, description="the share of traces, for *traceidratio")

    # Logs.
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severe line kept")
    log_format: Literal["json", "console"] = Field("json", description="one JSON object a line, or colours")

    @field_validator("job_signing_key", "provider_key", "link_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value and any(len(key) < MIN_SIGNING_KEY for key in _keys_in(value)):
            raise ValueError(f"must have at least {MIN_SIGNING_KEY} characters")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _is_no_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value.get_secret_value()) < MIN_TOKEN:
            raise ValueError(f"must have at least {MIN_TOKEN} characters")
        return value

    @field_validator("lease_sec")
    @classmethod
    def _outlives_a_call(cls, value: int, info: ValidationInfo) -> int:
        # A call starts up to 2 s after its claim, and its answer waits for an exchange: the lease must cover all of it.
        timeout = info.data.get("provider_timeout_sec", 0)
        if value < timeout + 5:
            raise ValueError(f"must be at least 5 seconds longer than PROVIDER_TIMEOUT_SEC ({timeout:g})")
        return value

    @property
    def stop_grace_sec(self) -> float:
        """Returns how long a worker may take to stop, in seconds: until its calls are answered and recorded."""
        return self.provider_timeout_sec + FINISH_SEC

    @model_validator(mode="after")
    def _a_stop_lets_calls_end(self) -> "Settings":
        least = self.stop_grace_sec + FINISH_SEC
        if self.stop_within_sec < least:
            raise ValueError(
                f"STOP_WITHIN_SEC: must be at least {least:g}, because calls may take PROVIDER_TIMEOUT_SEC "
                f"({self.provider_timeout_sec:g}) and a stop waits for them; set it to what the platform allows "
                "(docs/deploy.md), or lower PROVIDER_TIMEOUT_SEC"
            )
        return self

    @model_validator(mode="after")
    def _messages_need_a_token(self) -> "Settings":
        for name in ("keycloak_token_url", "keycloak_client_id", "keycloak_client_secret"):
            if self.messaging_service_url and not getattr(self, name):
                raise ValueError(f"{name.upper()}: must be set, because MESSAGING_SERVICE_URL is")
        return self

    @model_validator(mode="after")
    def _production_is_explicit(self) -> "Settings":
        if self.environment == "production" and self.start_worker:
            raise ValueError("START_WORKER: must stay 0 in production; run `python -m jobs` as its own service")
        if self.environment == "production" and not self.job_signing_key:
            raise ValueError("JOB_SIGNING_KEY: must be set in production; `openssl rand -hex 32` prints a good one")
        return self

    @model_validator(mode="after")
    def _metrics_need_a_token(self) -> "Settings":
        if self.metrics_port and not self.metrics_token:
            raise ValueError("METRICS_TOKEN: must be set, because METRICS_PORT is; `openssl rand -hex 32` prints one")
        return self

    @property
    def provider_keys(self) -> list[bytes]:
        """Returns the keys of providers' credentials: the first one seals; none in production unless one is set."""
        return self._keys_of(self.provider_key)

    @property
    def link_keys(self) -> list[bytes]:
        """Returns the keys of links' codes: the first one makes them; none in production unless one is set."""
        return self._keys_of(self.link_key)

    def _keys_of(self, value: SecretStr | None) -> list[bytes]:
        if value is None:
            return [] if self.environment == "production" else [_UNSAFE_KEY]
        return [key.encode() for key in _keys_in(value)]

    @property
    def job_signing_keys(self) -> list[bytes]:
        """Returns the keys of jobs: the first one signs, and each is accepted."""
        if self.job_signing_key is None:
            return [_UNSAFE_KEY]
        return [key.encode() for key in _keys_in(self.job_signing_key)]


class BadSetting(SystemExit):
    """A wrong environment variable, in one line: its name, what is wrong and an example, but never its value."""


def load_settings() -> Settings:
    """Reads the settings of this process; a wrong value ends the process with one clear line."""
    try:
        return Settings()
    except ValidationError as problem:
        raise BadSetting(f"campaign-dispatch: {explain(problem, Settings.model_fields)}") from None
    except UnicodeDecodeError:
        raise BadSetting("campaign-dispatch: .env is not in UTF-8; save it as that") from None
    except OSError as problem:
        raise BadSetting(f"campaign-dispatch: .env cannot be read ({problem.strerror})") from None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Returns the settings of this process, read once."""
    return load_settings()


def point_at(
    *,
    database_url: str,
    redis_url: str,
    job_signing_key: str | None = None,
    provider_key: str | None = None,
    link_key: str | None = None,
    public_url: str | None = None,
) -> None:
    """Makes this process and its children use these servers, which the command line found or started."""
    os.environ["DATABASE_URL"] = database_url
    os.environ["REDIS_URL"] = redis_url
    if job_signing_key:
        os.environ["JOB_SIGNING_KEY"] = job_signing_key
    if provider_key:
        os.environ["PROVIDER_KEY"] = provider_key
    if link_key:
        os.environ["LINK_KEY"] = link_key
    if public_url:
        os.environ["PUBLIC_URL"] = public_url
    settings.cache_clear()


def _keys_in(value: SecretStr) -> list[str]:
    return [key.strip() for key in value.get_secret_value().split(",")]
