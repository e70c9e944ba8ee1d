"""Approvals: a second key's consent to one revision, required above a size and revoked by every change."""

import pytest

from api.http.errors import STATUS
from dispatch.audience.gaps import Reach
from dispatch.audience.members import AudienceSize
from dispatch.campaigns.view import CampaignView
from dispatch.errors import ApprovalRequired
from dispatch.start import enqueue
from dispatch.start.sweep import sweep_due
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, a_list, an_account, arrange_state, asking, customers

WRITER, APPROVER = ("read", "write", "send"), ("read", "approve")


@pytest.fixture
def account(db):
    """An account that requires an approval above 2 recipients."""
    return an_account(approval_above=2)


@pytest.fixture
def writer(as_account, account):
    return as_account(account, scopes=WRITER)


@pytest.fixture
def approver(as_account, account):
    return as_account(account, scopes=APPROVER)


def refused(answer, code: str, says: str = "") -> None:
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code), answer.json
    assert says in answer.json["error"]["message"]


def approve(call, campaign: CampaignView, revision: int | None = None):
    body = {"revision": campaign.revision if revision is None else revision}
    return call("POST", f"/api/campaigns/{campaign.id}/approve", json=body)


def start(call, campaign: CampaignView):
    return call("POST", f"/api/campaigns/{campaign.id}/enqueue")


def test_a_small_campaign_needs_no_approval(account, writer):
    assert start(writer, a_campaign(account, recipients=2)).status_code == 202


def test_a_large_one_starts_once_it_is_approved(account, writer, approver):
    campaign = a_campaign(account, recipients=3)
    refused(start(writer, campaign), "APPROVAL_REQUIRED")
    assert rows("SELECT 1 FROM message") == []
    approved = approve(approver, campaign)
    assert approved.status_code == 200
    assert approved.json["approved_by"].startswith("key:")
    assert approved.json["approved_at"]
    assert start(writer, campaign).status_code == 202


def test_a_due_campaign_without_approval_is_set_aside_until_it_is_approved(account, approver):
    campaign = a_campaign(account, recipients=3, due=True)
    [failed] = sweep_due(asking()).errors
    assert failed.error == "APPROVAL_REQUIRED"
    found = row("SELECT status, blocked_reason, next_check_at > now() AS waits FROM campaign")
    assert found == {"status": "scheduled", "blocked_reason": "APPROVAL_REQUIRED", "waits": True}
    approved = approve(approver, campaign).json
    assert (approved["status"], approved["blocked_reason"], approved["next_check_at"]) == ("scheduled", None, None)
    assert len(sweep_due(asking()).campaigns) == 1


def test_the_key_that_wrote_it_cannot_approve_it(as_account, account):
    alone = as_account(account)
    list_id = a_list(account, 3)
    body = {"name": "Sale", "list_id": list_id, "base_template": "Hi"}
    campaign = CampaignView(**alone("POST", "/api/campaigns", json=body).json)
    refused(approve(alone, campaign), "APPROVAL_REQUIRED", "another key")
    refused(start(alone, campaign), "APPROVAL_REQUIRED")


def test_the_key_that_changed_it_cannot_approve_it(as_account, account):
    editor = as_account(account)
    campaign = a_campaign(account, recipients=3)
    changed = CampaignView(**editor("PATCH", f"/api/campaigns/{campaign.id}", json={"base_template": "Other"}).json)
    refused(approve(editor, changed), "APPROVAL_REQUIRED", "another key")


def test_the_key_that_approved_it_cannot_start_it(as_account, account, writer):
    both = as_account(account)
    campaign = a_campaign(account, recipients=3)
    assert approve(both, campaign).status_code == 200
    refused(start(both, campaign), "APPROVAL_REQUIRED", "another key")
    assert start(writer, campaign).status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"base_template": "Other text"},
        {"channel": "whatsapp"},
        {"everyone": True, "list_id": None},
    ],
)
def test_a_change_revokes_the_approval(account, writer, approver, change):
    campaign = a_campaign(account, recipients=3)
    approve(approver, campaign)
    changed = writer("PATCH", f"/api/campaigns/{campaign.id}", json=change)
    assert changed.status_code == 200, changed.json
    assert (changed.json["approved_by"], changed.json["revision"]) == (None, campaign.revision + 1)
    refused(start(writer, campaign), "APPROVAL_REQUIRED")
    assert approve(approver, CampaignView(**changed.json)).status_code == 200


def test_a_new_name_or_time_does_not(account, writer, approver):
    campaign = a_campaign(account, recipients=3)
    approve(approver, campaign)
    path = f"/api/campaigns/{campaign.id}"
    assert writer("PATCH", path, json={"name": "Other"}).json["approved_by"]
    assert writer("POST", f"{path}/schedule", json={"scheduled_at": "2090-01-31T09:00:00Z"}).json["approved_by"]


def test_choosing_customers_later_revokes_the_approval(account, writer, approver):
    # Few enough that a list could grow by as many without another approval.
    people = customers(account, 4)
    campaign = a_campaign(account, customer_ids=people[:3], due=True)
    approve(approver, campaign)
    rows("UPDATE campaign SET scheduled_at = now() + interval '1 hour'")
    assert writer("POST", f"/api/campaigns/{campaign.id}/send", json={"customer_ids": people}).status_code == 200
    refused(start(writer, campaign), "APPROVAL_REQUIRED")


def test_changing_a_segment_revokes_the_approval_of_its_campaigns(account, writer, approver):
    customers(account, 3)
    athens = {"logic": "AND", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}
    segment = writer("POST", "/api/segments", json={"name": "Athens", "filter": athens}).json
    body = {"name": "Sale", "base_template": "Hi", "segment_id": segment["id"]}
    campaign = CampaignView(**writer("POST", "/api/campaigns", json=body).json)
    assert approve(approver, campaign).status_code == 200
    elsewhere = {"logic": "AND", "conditions": [{"field": "location", "operator": "neq", "value": "Athens"}]}
    assert writer("PATCH", f"/api/segments/{segment['id']}", json={"filter": elsewhere}).status_code == 200
    assert writer("GET", f"/api/campaigns/{campaign.id}").json["approved_by"] is None


def test_the_audience_may_grow_by_as_many_as_need_no_approval(account, writer, approver):
    customers(account, 3)
    grown, overgrown = a_campaign(account, everyone=True), a_campaign(account, everyone=True)
    for campaign in (grown, overgrown):
        approve(approver, campaign)
    customers(account, 2)
    assert start(writer, grown).status_code == 202
    customers(account, 1)
    refused(start(writer, overgrown), "APPROVAL_REQUIRED", "approved for 3 recipients and has 6")


def test_an_approval_covers_the_revision_that_was_read(account, writer, approver):
    campaign = a_campaign(account, recipients=3)
    writer("PATCH", f"/api/campaigns/{campaign.id}", json={"base_template": "Worse text"})
    refused(approve(approver, campaign), "INVALID_STATUS", "changed")
    refused(start(writer, campaign), "APPROVAL_REQUIRED")


@pytest.mark.parametrize("status", ["sending", "completed", "cancelled"])
def test_only_a_campaign_that_has_not_started_can_be_approved(account, approver, status):
    campaign = a_campaign(account, recipients=3)
    arrange_state(campaign.id, status)
    refused(approve(approver, campaign), "INVALID_STATUS", status)


def test_a_draft_without_an_audience_cannot_be_approved(account, approver):
    refused(approve(approver, a_campaign(account)), "NO_TARGET_AUDIENCE")


def test_approving_requires_the_scope_approve(account, writer):
    refused(approve(writer, a_campaign(account, recipients=3)), "FORBIDDEN", "approve")


def test_an_edit_between_the_check_and_the_claim_is_not_sent(account, writer, approver, monkeypatch):
    campaign = a_campaign(account, recipients=3)
    approve(approver, campaign)
    check = enqueue.check_approval

    def check_and_edit(*arguments, **options):
        check(*arguments, **options)
        monkeypatch.setattr(enqueue, "check_approval", check)
        rows("UPDATE campaign SET template = 'Worse text'")

    monkeypatch.setattr(enqueue, "check_approval", check_and_edit)
    refused(start(writer, campaign), "APPROVAL_REQUIRED")
    assert row("SELECT status, claim_epoch FROM campaign") == {"status": "draft", "claim_epoch": 0}


def test_an_audience_that_grows_after_the_claim_is_put_back(account, monkeypatch):
    campaign = a_campaign(account, recipients=3)
    monkeypatch.setattr(enqueue, "reach_of", lambda *_: Reach(AudienceSize(2, 2)))
    with pytest.raises(ApprovalRequired):
        enqueue.enqueue_campaign(asking(ALL_ACCOUNTS, request_id="c-1"), campaign.id)
    found = row("SELECT status, blocked_reason, held FROM campaign")
    assert found == {"status": "draft", "blocked_reason": "APPROVAL_REQUIRED", "held": 0}
    assert rows("SELECT 1 FROM message") == []


def test_a_waiting_campaign_starts_once_approval_is_no_longer_required(account, as_account):
    a_campaign(account, recipients=3, due=True)
    assert len(sweep_due(asking()).errors) == 1
    as_account(None)("PATCH", f"/api/account?organization_id={account.id}", json={"approval_above": None})
    assert len(sweep_due(asking()).campaigns) == 1


def test_approving_twice_changes_neither_approver_nor_revision(account, approver):
    campaign = a_campaign(account, recipients=3)
    first, again = approve(approver, campaign).json, approve(approver, campaign).json
    assert first["approved_by"] == again["approved_by"]
    assert again["revision"] == campaign.revision
