"""A web that cannot begin ends with status 1, whichever of its processes noticed."""

import subprocess
import sys

import pytest

from embedded.servers import child_environment

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("application", "environment", "says"),
    [
        ("api:create_app()", {"SEND_WINDOW": "many"}, "campaign-dispatch: SEND_WINDOW: "),
        ("api:create_app()", {"DATABASE_URL": ""}, "campaign-dispatch: DATABASE_URL is not set"),
        ("api:misspelt()", {}, "Failed to find attribute 'misspelt' in 'api'."),
    ],
)
def test_web_ends_with_status_1_and_a_line_that_says_why(servers, application, environment, says):
    done = web(application, WEB_WORKERS="1", **environment)
    assert done.returncode == 1
    assert says in done.stderr


def test_of_several_workers_that_cannot_begin_one_says_why(servers):
    done = web("api:create_app()", WEB_WORKERS="4", DATABASE_URL="")
    assert done.returncode == 1
    assert done.stderr.count("DATABASE_URL is not set") == 1


def web(application, **environment):
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "127.0.0.1:0", application],
        env=child_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
