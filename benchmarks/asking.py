"""Asks web for the same pages again and again, from a thread, and notes how long each answer took."""

import http.client
import threading
from collections.abc import Sequence
from itertools import cycle
from time import monotonic
from urllib.parse import urlsplit

# So often at most, in seconds.
EVERY_SEC = 0.05


class Asking:
    """Asks until the end of the block, over one connection, as some people who look at their campaigns would.

    One request after another without a pause would be a load of its own: it took more processor time than the house
    worker beside it.
    """

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
                if self._ended.wait(max(0.0, started + EVERY_SEC - monotonic())):
                    return
        except Exception as problem:
            self._problem = problem
        finally:
            connection.close()
