"""Asks web for the same pages all the time, from a thread, and notes how long each answer took."""

import http.client
import threading
from collections.abc import Sequence
from itertools import cycle
from time import monotonic
from urllib.parse import urlsplit


class Asking:
    """Asks, one request after another over one connection, until the end of the block."""

    def __init__(self, web_url: str, paths: Sequence[str], key: str) -> None:
        self.milliseconds: list[float] = []
        self._address = urlsplit(web_url).netloc
        self._paths = paths
        self._headers = {"Authorization": f"Bearer {key}"}
        self._ended = threading.Event()
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._problem and not any(raised):
            raise self._problem

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            for path in cycle(self._paths):
                started = monotonic()
                connection.request("GET", path, headers=self._headers)
                answer = connection.getresponse()
                answer.read()
                self.milliseconds.append((monotonic() - started) * 1000)
                if answer.status != 200:
                    raise RuntimeError(f"{path} was answered {answer.status}")
                if self._ended.is_set():
                    return
        except Exception as problem:
            self._problem = problem
        finally:
            connection.close()
