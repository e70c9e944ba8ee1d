"""Lets a campaign name the template that WhatsApp has approved its text as."""

UP = """
ALTER TABLE campaign
    ADD COLUMN whatsapp_template text
        CHECK (whatsapp_template ~ '^[A-Za-z0-9_]+$' AND length(whatsapp_template) <= 512),
    ADD COLUMN whatsapp_language text CHECK (whatsapp_language ~ '^[a-z]{2,3}(_[A-Z]{2,3})?$'),
    ADD CONSTRAINT campaign_names_template_and_language
        CHECK ((whatsapp_template IS NULL) = (whatsapp_language IS NULL));
COMMENT ON COLUMN campaign.whatsapp_template IS
    'as approved by WhatsApp; the placeholders of the text are its parameters, in their order';

-- Who approves a campaign approves what people read.
CREATE TRIGGER campaign_whatsapp_template_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.whatsapp_template IS DISTINCT FROM NEW.whatsapp_template
          OR OLD.whatsapp_language IS DISTINCT FROM NEW.whatsapp_language)
    EXECUTE FUNCTION take_approval_away();
"""

DOWN = """
DROP TRIGGER campaign_whatsapp_template_changed ON campaign;
ALTER TABLE campaign
    DROP CONSTRAINT campaign_names_template_and_language,
    DROP COLUMN whatsapp_language,
    DROP COLUMN whatsapp_template;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
