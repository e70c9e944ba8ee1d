"""What the processes of `python -m jobs` count, shared between them and shown at METRICS_PORT."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog

from config.settings import Settings
from config.shared_metrics import forget_metrics, share_metrics
from dispatch.metrics.exposition import of_processes

log = structlog.get_logger()

# A client that sends nothing, or reads nothing, for so long is left.
LINE_SEC = 5.0


@contextmanager
def metrics_served(settings: Settings) -> Iterator[None]:
    """Lets child processes share what they count until the end of the block, if anyone will read it."""
    if not settings.metrics_port and not settings.prometheus_multiproc_dir:
        yield
        return
    made = share_metrics(settings)
    try:
        with _server(settings) if settings.metrics_port else _nothing():
            yield
    finally:
        forget_metrics(made)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _server(settings: Settings) -> Iterator[None]:
    assert settings.metrics_port
    assert settings.metrics_token
    _Scrape.wanted = f"Bearer {settings.metrics_token.get_secret_value()}"
    try:
        server = _Server((settings.web_host, settings.metrics_port), _Scrape)
    except OSError as problem:
        raise SystemExit(
            f"campaign-dispatch: METRICS_PORT: {settings.web_host}:{settings.metrics_port} cannot be used "
            f"({problem.strerror}); choose another port"
        ) from None
    with server:
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client that went away is no one's fault."""


class _Scrape(BaseHTTPRequestHandler):
    timeout = LINE_SEC
    server_version, sys_version = "campaign-dispatch", ""
    #: The header that opens it.
    wanted = ""

    def do_GET(self) -> None:
        """Answers /metrics to anyone who has the token."""
        if self.path.partition("?")[0] != "/metrics":
            self._answer(404, b"There is only /metrics here.\n", "text/plain")
        elif not compare_digest(self.headers.get("Authorization", "").encode(), self.wanted.encode()):
            self._answer(401, b"Send METRICS_TOKEN in the header Authorization: Bearer <token>.\n", "text/plain")
        else:
            self._answer(200, *of_processes(self.headers.get("Accept", "")))

    def _answer(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Logs nothing: a scrape comes every few seconds."""
