"""The directory of counts is deleted by its process or, when that was killed, by the next one that makes one."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.settings import BadSetting, Settings
from config.shared_metrics import PREFIX, MetricsDirectory, check_metrics_directory, share_metrics
from embedded.servers import child_environment


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _made_and_killed(directory):
    tempfile.tempdir = directory
    made = MetricsDirectory()
    (made.path / "counter_7.db").write_bytes(b"counts")
    os.kill(os.getpid(), signal.SIGKILL)


def leave_behind(directory: Path) -> Path:
    """Lets a process that made a directory be killed, and returns the directory."""
    before = set(directory.iterdir())
    process = multiprocessing.get_context("spawn").Process(target=_made_and_killed, args=(str(directory),))
    process.start()
    process.join(60)
    [left] = set(directory.iterdir()) - before
    return left


@pytest.mark.parametrize("named", ["file/below", "file"])
def test_a_directory_that_cannot_be_made_or_written_is_one_line_with_the_name_of_the_setting(temporary, named):
    (temporary / "file").touch()
    chosen = Settings(prometheus_multiproc_dir=temporary / named)
    for begin in (share_metrics, check_metrics_directory):
        with pytest.raises(BadSetting) as refused:
            begin(chosen)
        assert str(refused.value).startswith(
            "campaign-dispatch: PROMETHEUS_MULTIPROC_DIR: the directory cannot be made"
        )
        assert "\n" not in str(refused.value)


def test_without_a_directory_for_temporary_files_the_setting_to_make_is_named(temporary, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(BadSetting, match="PROMETHEUS_MULTIPROC_DIR: is not set"):
        share_metrics(Settings(prometheus_multiproc_dir=None))


@pytest.mark.processes
@pytest.mark.parametrize(
    "words",
    [
        ["gunicorn", "--config", "config/gunicorn.py", "--bind", "127.0.0.1:0", "api:create_app()"],
        ["jobs"],
        ["sweeper"],
        ["jobs.worker", "send"],
    ],
)
def test_no_process_starts_with_a_directory_that_it_cannot_write(servers, words):
    chosen = child_environment(PROMETHEUS_MULTIPROC_DIR="/dev/null/metrics")
    done = subprocess.run(
        [sys.executable, "-m", *words], env=chosen, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("campaign-dispatch: PROMETHEUS_MULTIPROC_DIR: ")


def test_it_is_deleted_by_the_process_that_made_it(temporary):
    made = MetricsDirectory()
    assert made.path.name.startswith(PREFIX)
    made.forget()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_the_next(temporary):
    left = leave_behind(temporary)
    assert (left / "counter_7.db").exists()
    made = MetricsDirectory()
    assert list(temporary.iterdir()) == [made.path]


def test_what_a_living_process_uses_is_left_alone(temporary):
    first, second = MetricsDirectory(), MetricsDirectory()
    assert set(temporary.iterdir()) == {first.path, second.path}
    first.forget()
    MetricsDirectory()
    assert second.path.is_dir()


def test_what_looks_like_one_and_is_not_is_left_alone(temporary):
    others = temporary / "others"
    others.mkdir()
    (others / "in-use").touch()
    (others / "precious").touch()
    (temporary / f"{PREFIX}link").symlink_to(others)
    (temporary / f"{PREFIX}file").touch()
    (temporary / f"{PREFIX}without-a-lock").mkdir()
    before = set(temporary.iterdir())
    made = MetricsDirectory()
    assert set(temporary.iterdir()) == before | {made.path}
    assert (others / "precious").exists()


def test_many_that_begin_at_once_delete_what_was_left_and_nothing_of_each_other(temporary):
    left = [leave_behind(temporary) for _ in range(2)]
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: MetricsDirectory(), range(64)))
    assert not any(each.exists() for each in left)
    assert set(temporary.iterdir()) == {each.path for each in made}
