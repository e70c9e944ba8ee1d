"""What is written of people can be read by its owner only."""

import os

from cli.shared.csv_file import write_csv
from dispatch.formats.csv_in import Rejected
from dispatch.formats.rejects import rejects_file


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_new_file_of_an_export_or_of_rejected_lines_is_its_owners(tmp_path):
    before = os.umask(0o022)
    try:
        exported, rejected, there = tmp_path / "customers.csv", tmp_path / "rejected.csv", tmp_path / "there.csv"
        there.touch(0o644)
        for path in (exported, there):
            write_csv(["phone\n"], path)
        with rejects_file(rejected, ["phone"]) as reject:
            reject([Rejected(2, "too short", ["1"])])
    finally:
        os.umask(before)
    assert (mode(exported), mode(rejected), mode(there)) == (0o600, 0o600, 0o644)
