"""The shipped deployments run the same commands, and the lock files pin what pyproject.toml requires."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.settings import Settings

ROOT = Path(__file__).parent.parent.parent
RENDER = yaml.safe_load((ROOT / "render.yaml").read_text())
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-demo.lock": [*PROJECT["dependencies"], *EXTRAS["embedded"]],
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRAS["embedded"], *EXTRAS["dev"]],
    "requirements-docs.lock": EXTRAS["docs"],
}


def service(kind: str) -> dict:
    [found] = [service for service in RENDER["services"] if service["type"] == kind]
    return found


def environment(kind: str) -> dict[str, dict]:
    groups = {group["name"]: group["envVars"] for group in RENDER["envVarGroups"]}
    entries = service(kind)["envVars"]
    shared = [each for entry in entries if "fromGroup" in entry for each in groups[entry["fromGroup"]]]
    return {entry["key"]: entry for entry in [*entries, *shared] if "key" in entry}


def test_render_runs_the_commands_of_the_procfile():
    assert {
        "release": service("web")["preDeployCommand"],
        "web": service("web")["startCommand"],
        "worker": service("worker")["startCommand"],
    } == PROCFILE


def test_a_missing_worker_never_restarts_web():
    assert service("web")["healthCheckPath"] == "/health/live"


def test_web_and_worker_get_the_same_environment():
    assert environment("web") == environment("worker")


def test_render_sets_only_variables_that_exist():
    known = {name.upper() for name in Settings.model_fields} | {"PYTHON_VERSION"}
    assert set(environment("web")) <= known
    assert environment("web")["ENVIRONMENT"]["value"] == "production"
    assert environment("web")["JOB_SIGNING_KEY"]["generateValue"]


def test_the_worker_is_given_the_time_to_stop_that_it_is_told_of():
    assert service("worker")["maxShutdownDelaySeconds"] == int(environment("worker")["STOP_WITHIN_SEC"]["value"])


def test_the_named_database_and_queue_exist():
    variables = environment("web")
    assert variables["DATABASE_URL"]["fromDatabase"]["name"] in [entry["name"] for entry in RENDER["databases"]]
    assert variables["REDIS_URL"]["fromService"]["name"] == service("keyvalue")["name"]
    assert service("keyvalue")["maxmemoryPolicy"] == "noeviction"


def test_containers_run_the_commands_of_the_procfile():
    assert {name: COMPOSE["services"][name]["command"] for name in PROCFILE} == PROCFILE
    [default] = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(default) == shlex.split(PROCFILE["web"])


def test_containers_get_only_variables_that_exist_and_the_time_to_stop_that_they_are_told_of():
    for name in PROCFILE:
        variables = COMPOSE["services"][name]["environment"]
        assert set(variables) <= {field.upper() for field in Settings.model_fields}
        assert variables["ENVIRONMENT"] == "production"
    worker = COMPOSE["services"]["worker"]
    assert worker["stop_grace_period"] == f"{worker['environment']['STOP_WITHIN_SEC']}s"
    assert "noeviction" in COMPOSE["services"]["queue"]["command"]


def test_the_image_holds_every_package_that_is_run_and_nothing_that_is_not():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {pattern.rstrip("*") for pattern in patterns}
    copied = set(re.findall(r"^COPY (\S+)", DOCKERFILE, re.MULTILINE))
    assert copied == packages | {"requirements.lock", "pyproject.toml"}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == copied


@pytest.mark.parametrize("sites", [[], ["-S"]], ids=["installed", "from a checkout"])
def test_the_release_is_that_of_pyproject_even_where_only_the_lock_is_installed(sites):
    command = [sys.executable, *sites, "-c", "from config.version import release; print(release())"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.strip() == PROJECT["version"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_names_no_index(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^--?[a-z]", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(("name", "asked"), LOCKS.items())
def test_a_lock_satisfies_what_pyproject_asks_for(name, asked):
    pinned = dict(re.findall(r"^(\S+?)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
    for requirement in map(Requirement, asked):
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement
