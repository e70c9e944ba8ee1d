"""The models and the migrated schema say the same."""

import pytest
from playhouse.schema_diff import diff_models

from models.account import Account
from models.api_key import ApiKey
from models.audit_event import AuditEvent
from models.batch import Batch
from models.campaign import Campaign
from models.campaign_audience import CampaignCustomer, CampaignNumber
from models.credit import CreditEntry
from models.customer import Customer, CustomerList, ListMember, Suppression
from models.customer_import import CustomerImport, CustomerImportPart, CustomerImportReject
from models.database import Row, rows
from models.heartbeat import Heartbeat
from models.idempotency_key import IdempotencyKey
from models.message import Message
from models.segment import Segment
from models.template import Template, TemplateVersion

MODELS = [
    Account,
    ApiKey,
    AuditEvent,
    Batch,
    Campaign,
    CampaignCustomer,
    CampaignNumber,
    CreditEntry,
    Customer,
    CustomerImport,
    CustomerImportPart,
    CustomerImportReject,
    CustomerList,
    Heartbeat,
    IdempotencyKey,
    ListMember,
    Message,
    Segment,
    Suppression,
    Template,
    TemplateVersion,
]
# Indexes that a model cannot express: partial ones.
ONLY_IN_SQL = {
    "api_key_two_live",
    "campaign_due",
    "campaign_started_key",
    "campaign_unsettled",
    "credit_entry_one_hold",
    "customer_import_open",
    "message_campaign_id_phone",
}


def test_every_model_is_compared():
    assert {model for model in Row.__subclasses__() if model.__module__.startswith("models.")} == set(MODELS)


def test_models_and_migrations_agree(db):
    difference = diff_models(db, MODELS)
    assert not difference.create_tables
    assert not difference.add_columns
    assert not difference.drop_columns
    assert [index for index in difference.drop_indexes if index[1] not in ONLY_IN_SQL] == []


@pytest.mark.usefixtures("db")
def test_the_hot_table_has_only_indexes_whose_columns_never_change():
    """One partial index on the state would make every send write to it: no update would be HOT any more."""
    found = rows("SELECT indexdef FROM pg_indexes WHERE tablename = 'message' ORDER BY indexname")
    assert [index["indexdef"].partition(" USING ")[2] for index in found] == [
        "btree (campaign_id, phone) WHERE (phone IS NOT NULL)",
        "btree (campaign_id, n)",
    ]
