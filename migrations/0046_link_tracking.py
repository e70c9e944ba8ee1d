"""Lets a campaign track its links: where each of its short links leads, and who opened which."""

UP = """
ALTER TABLE campaign ADD COLUMN track_links boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN campaign.track_links IS 'whether the addresses in its text are sent as short links that count clicks';

-- Who approves a campaign approves what people read.
CREATE TRIGGER campaign_tracking_changed BEFORE UPDATE ON campaign FOR EACH ROW
    WHEN (OLD.track_links IS DISTINCT FROM NEW.track_links) EXECUTE FUNCTION take_approval_away();

CREATE TABLE campaign_link (
    campaign_id bigint NOT NULL REFERENCES campaign ON DELETE CASCADE,
    number      smallint NOT NULL CHECK (number BETWEEN 1 AND 255),
    target      text NOT NULL CHECK (target ~* '^https?://' AND length(target) <= 2000),
    PRIMARY KEY (campaign_id, number)
);
COMMENT ON TABLE campaign_link IS 'where the short links of a campaign lead; each message has its own code for each';

CREATE TABLE link_click (
    campaign_id bigint NOT NULL,
    n           integer NOT NULL,
    number      smallint NOT NULL,
    by_bot      boolean NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (campaign_id, n, number),
    FOREIGN KEY (campaign_id, number) REFERENCES campaign_link ON DELETE CASCADE
);
COMMENT ON COLUMN link_click.by_bot IS 'only programs have opened it so far; a person''s click takes the row over';
COMMENT ON COLUMN link_click.at IS 'when a person, or else a program, opened it first; later times are not kept';
"""

DOWN = """
DROP TABLE link_click, campaign_link;
DROP TRIGGER campaign_tracking_changed ON campaign;
ALTER TABLE campaign DROP COLUMN track_links;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
