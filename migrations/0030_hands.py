"""Finds what a person changed without reading what others did, for approvals of what many have worked on."""

UP = """
DROP INDEX audit_event_account_id_actor_id;
CREATE INDEX audit_event_account_id_subject_actor ON audit_event (account_id, subject, actor);
CREATE INDEX audit_event_of_customers ON audit_event (account_id, actor, at)
    WHERE action IN ('customer.created', 'customer.edited');
-- A subject is an id of any table, so that of a campaign may be that of a list which changes every minute.
CREATE INDEX audit_event_of_written_campaigns ON audit_event (account_id, subject)
    WHERE action IN ('campaign.created', 'campaign.edited');
CREATE INDEX customer_import_account_id_actor ON customer_import (account_id, actor);
"""

DOWN = """
DROP INDEX customer_import_account_id_actor, audit_event_of_written_campaigns, audit_event_of_customers,
    audit_event_account_id_subject_actor;
CREATE INDEX audit_event_account_id_actor_id ON audit_event (account_id, actor, id);
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
