"""A demo that runs is found by the verbs of a second terminal, and up says where its servers are."""

import json
import subprocess

import pytest

from cli.shared.data_directory import demo_directory
from tests.embedded.running_up import cli, running_up, wait_for_run, without_servers
from tests.servers import server_directory

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def data():
    """DATA_DIR, in which nothing runs but the servers of a demo."""
    with server_directory() as found:
        (found / "demo").mkdir()
        with running_up(found / "demo"):
            yield found


def verb(data, *words):
    environment = without_servers(DATA_DIR=str(data))
    return subprocess.run(cli(*words), env=environment, capture_output=True, text=True, check=False)


def test_verbs_find_the_demo_without_any_variable_and_say_so(data):
    answer = verb(data, "account", "list", "--json")
    assert (answer.returncode, answer.stdout) == (0, "[]\n")
    assert answer.stderr == f"using the demo, which runs in {data / 'demo'}\n"


def test_logs_are_those_of_the_demo(data):
    answer = verb(data, "logs", "postgres", "--lines", "1")
    assert answer.returncode == 0, answer.stderr


def test_an_up_of_ones_own_comes_first(data):
    with running_up(data):
        answer = verb(data, "account", "list", "--json")
        assert (answer.returncode, answer.stderr) == (0, "")


def test_each_demo_keeps_its_data_apart_so_that_one_runs_beside_the_other():
    assert demo_directory() != demo_directory(retries=True)


def test_servers_alone_print_where_they_listen_and_not_their_passwords():
    with server_directory() as directory:
        command = cli("up", "--only", "servers", "--data", str(directory), "--json")
        with subprocess.Popen(
            command, env=without_servers(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            run = wait_for_run(directory, process)
            process.terminate()
            printed, said = process.communicate()
    answer = json.loads(printed)
    for name in ("postgres", "redis"):
        url = run["database_url" if name == "postgres" else "redis_url"]
        assert url.rpartition("@")[2].startswith(answer[name])
        assert f"{name} on {answer[name]}" in said
        assert url.rpartition("@")[0].rpartition(":")[2] not in printed + said


def test_an_address_that_this_machine_does_not_have_is_refused(data):
    with server_directory() as directory:
        answer = verb(directory, "up", "--host", "203.0.113.1", "--json")
    assert json.loads(answer.stdout)["error"]["code"] == "NO_SUCH_HOST"
