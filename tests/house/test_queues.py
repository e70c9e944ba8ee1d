"""Every job that is queued is run by some worker."""

from importlib import import_module

import pytest

from config.settings import Settings
from dispatch.queues import JOBS
from jobs.supervisor import modules


@pytest.mark.parametrize("path", JOBS)
def test_every_job_path_names_a_function(path):
    module, _, function = path.rpartition(".")
    assert callable(getattr(import_module(module), function))


def test_every_queue_has_a_worker_by_default():
    worked_on = {module[1] for module in modules(Settings()).values() if module[0] == "jobs.worker"}
    assert worked_on == set(JOBS.values())
