"""The lock of a data directory is its owner's alone."""

from embedded.lock import holding
from embedded.run_file import lock_path


def test_no_other_user_can_open_the_lock_and_hold_it(tmp_path):
    lock_path(tmp_path).touch(mode=0o644)  # as an earlier release left it
    with holding(tmp_path):
        assert oct(lock_path(tmp_path).stat().st_mode & 0o777) == "0o600"
