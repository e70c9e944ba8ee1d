"""Lets a campaign say what fills the header and the buttons of its WhatsApp template."""

UP = """
ALTER TABLE campaign
    ADD COLUMN whatsapp_components jsonb CHECK (jsonb_typeof(whatsapp_components) = 'object'),
    ADD CONSTRAINT campaign_has_components_of_a_template
        CHECK (whatsapp_components IS NULL OR whatsapp_template IS NOT NULL);
COMMENT ON COLUMN campaign.whatsapp_components IS
    'header and buttons of the template, as dispatch/texts/components.py reads them; values may have placeholders';

-- Who approves a campaign approves what people see and where a tap leads.
CREATE TRIGGER campaign_whatsapp_components_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.whatsapp_components IS DISTINCT FROM NEW.whatsapp_components)
    EXECUTE FUNCTION take_approval_away();
"""

DOWN = """
DROP TRIGGER campaign_whatsapp_components_changed ON campaign;
ALTER TABLE campaign
    DROP CONSTRAINT campaign_has_components_of_a_template,
    DROP COLUMN whatsapp_components;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
