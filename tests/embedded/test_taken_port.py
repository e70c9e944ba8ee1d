"""A port that someone takes after it was seen to be free ends the start with a sentence that says what to do."""

import http.server
import json
import subprocess
import sys
from threading import Thread

import pytest

from embedded.server import free_port
from tests.embedded.running_up import without_servers
from tests.servers import server_directory

pytestmark = pytest.mark.processes

# Runs the command line; the first look at the port finds it free.
SEEN_AS_FREE = """
import sys
from embedded import stack
free, first = stack.port_is_free, [True]
stack.port_is_free = lambda port: first.pop() if first else free(port)
from cli import main
main(sys.argv[1:])
"""


class Healthy(http.server.BaseHTTPRequestHandler):
    """Answers every request with 200, as the web of another demo does."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.mark.parametrize("verb", [["demo", "--exit", "--recipients", "5"], ["up"]], ids=lambda words: words[0])
def test_a_port_that_another_web_takes_meanwhile_is_refused(verb):
    with server_directory() as directory, http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Healthy) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        options = ["--port", str(other.server_port), "--data", str(directory), "--json"]
        done = subprocess.run(
            [sys.executable, "-c", SEEN_AS_FREE, *verb, *options],
            env=without_servers(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        other.shutdown()
    assert done.returncode == 1
    what = f"Port {other.server_port} was taken by another program while web started"
    error = {"code": "PORT_TAKEN", "message": f"{what}; choose another with --port."}
    assert json.loads(done.stdout)["error"] == error
    assert "Traceback" not in done.stderr
