"""What `--prepare-only` prepares: one text or several, with or without tracked links."""

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.report import PreparationReport
from benchmarks.run import LINK_HOST, Prepared, Texts, make_ready
from dispatch.campaigns.reading import read_campaign
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.factories import asking

pytestmark = pytest.mark.usefixtures("redis")


def prepared(texts):
    """Returns the campaign and the bodies of its messages, once it sends."""
    ready = make_ready(40, lambda what, done: None, texts)
    enqueue_campaign(asking(), ready.campaign_id)
    bodies = [each["body"] for each in rows("SELECT body FROM message WHERE campaign_id = %s", [ready.campaign_id])]
    return read_campaign(asking(), ready.campaign_id), bodies


def test_without_options_it_is_one_text_without_links(db):
    campaign, bodies = prepared(Texts())
    assert (campaign.track_links, len(bodies)) == (False, 40)
    assert not any("https://" in body for body in bodies)


def test_with_links_each_message_has_a_short_link_of_its_own(db, configure):
    configure(**LINK_HOST)
    campaign, bodies = prepared(Texts(links=True))
    assert campaign.track_links
    assert len({body.split("https://go.acme.example/l/")[1][:16] for body in bodies}) == 40


@pytest.mark.parametrize("count", [2, 4])
def test_with_variants_each_text_goes_to_a_part_of_the_customers(db, count):
    _, bodies = prepared(Texts(variants=count))
    assert len({body.split()[0] for body in bodies}) == count


def test_the_results_say_what_was_prepared():
    report = PreparationReport(Prepared(1000, 0.5), {"web": 90.0}, "a machine", Texts(links=True, variants=3))
    assert report.summary() == {
        "recipients": 1000, "links": True, "variants": 3, "prepare": 2000, "peak_mb": {"web": 90.0},
    }  # fmt: skip


@pytest.mark.parametrize("options", [["--links"], ["--variants", "2"]])
def test_they_go_with_a_preparation_alone(options):
    refused = CliRunner().invoke(main, options)
    assert (refused.exit_code, "go with --prepare-only" in refused.output) == (2, True)
