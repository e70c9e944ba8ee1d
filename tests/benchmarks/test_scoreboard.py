"""What the scoreboard makes of its rounds: medians, spread and shares, for programs and for the README."""

import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks import publishing
from benchmarks.peers.running import PeerRun
from benchmarks.publishing import plot, publish, scoreboard_table
from benchmarks.run import Completed
from benchmarks.scoreboard import Board


@pytest.fixture
def board():
    return Board(
        1000,
        "a machine",
        floors=[(900, 1100), (2000, 2000), (500, 500)],
        ours=[Completed(1000, prepare=0.5, send=1.5, whole=each) for each in (2.0, 1.0, 4.0)],
        peers={"rq": [PeerRun(rate, {"worker-1": mb}) for rate, mb in ((400.0, 50.0), (800.0, 70.0), (100.0, 60.0))]},
        peak_mb={"web": 90.0},
        skipped={"bullmq": "node and npm are not installed"},
    )


@pytest.fixture
def results(board):
    http = Board(20, "a machine", ours=[Completed(20, prepare=1, send=1, whole=2.0)], peers={}, skipped=board.skipped)
    summary = board.summary()
    return {**summary, "machine": "a machine", "sizes": [summary], "http": {"latency_ms": 50, **http.summary()}}


def test_the_median_round_counts_and_the_others_are_its_spread(board):
    summary = board.summary()
    assert (summary["recipients"], summary["floor"], summary["whole"], summary["prepare"]) == (1000, 1000, 500, 2000)
    assert (summary["spread"]["whole"], summary["rounds"]) == ([250, 1000], 3)
    assert summary["peers"]["rq"] == {
        "whole": 400, "whole_to_floor": 0.4, "spread": [100, 800], "peak_mb": {"worker-1": 70.0},
    }  # fmt: skip
    assert summary["peers"]["bullmq"] == {"skipped": "node and npm are not installed"}


def test_each_round_is_compared_with_the_floor_beside_it(board):
    # 500, 1000 and 250 messages a second beside floors of 1000, 2000 and 500.
    assert board.to_floor("whole") == 0.5


def test_without_a_floor_there_is_no_share_of_it(results):
    assert "whole_to_floor" not in results["http"]
    assert results["http"]["whole"] == 10


def test_the_table_has_a_row_for_each_and_says_why_one_is_missing(results):
    assert scoreboard_table(results).splitlines() == [
        "| messages/s | 1,000 | 20, provider over HTTP, 50 ms | largest process, MB |",
        "|---|---|---|---|",
        "| campaign-dispatch | 500 (250 to 1,000), 0.50 | 10 | 90 |",
        "| BullMQ | node and npm are not installed | node and npm are not installed |  |",
        "| Celery |  |  |  |",
        "| RQ | 400 (100 to 800), 0.40 |  | 70 |",
        "| floor | 1,000 (500 to 2,000) |  |  |",
    ]


def test_the_plot_has_a_bar_for_each_rate_within_its_edges(results):
    drawn = ElementTree.fromstring(plot(results["sizes"]))
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    rectangles = [each for each in drawn if each.tag.endswith("rect")][1:]
    assert len(rectangles) == 3
    assert max(float(bar.attrib["width"]) for bar in rectangles) < width
    assert all(float(bar.attrib["y"]) + float(bar.attrib["height"]) <= height for bar in rectangles)


def test_publishing_replaces_what_stands_between_the_markers_and_nothing_else(results, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{publishing.BEGIN}\nold\n{publishing.END}\nafter\n")
    monkeypatch.setattr(publishing, "README", readme)
    monkeypatch.setattr(publishing, "PLOT", tmp_path / "plot.svg")
    publish(results)
    text = readme.read_text()
    assert text.startswith(f"before\n{publishing.BEGIN}\na machine\n\n| messages/s |")
    assert text.endswith(f"\n{publishing.END}\nafter\n")
    assert "old" not in text
    publish(results)
    assert readme.read_text() == text
