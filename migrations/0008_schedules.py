"""Adds schedules, which run a registered function once or again and again, and a row for each run."""

UP = """
CREATE TABLE schedule (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id      uuid NOT NULL REFERENCES account,
    job_type        text NOT NULL CONSTRAINT schedule_job_type_length CHECK (length(job_type) BETWEEN 1 AND 100),
    job_payload     jsonb NOT NULL,
    cron_expression text CONSTRAINT schedule_cron_expression_length CHECK (length(cron_expression) <= 100),
    scheduled_at    timestamptz,
    timezone        text NOT NULL CONSTRAINT schedule_timezone_length CHECK (length(timezone) BETWEEN 1 AND 100),
    misfire         text NOT NULL CONSTRAINT schedule_misfire_check CHECK (misfire IN ('skip', 'run_once', 'run_all')),
    grace_sec       integer NOT NULL CONSTRAINT schedule_grace_not_negative CHECK (grace_sec >= 0),
    catch_up_limit  integer CONSTRAINT schedule_catch_up_limit_positive CHECK (catch_up_limit > 0),
    max_runs        integer CONSTRAINT schedule_max_runs_positive CHECK (max_runs > 0),
    metadata        jsonb NOT NULL,
    status          text NOT NULL DEFAULT 'active'
        CONSTRAINT schedule_status_check CHECK (status IN ('active', 'paused', 'completed', 'failed', 'cancelled')),
    next_run_at     timestamptz,
    last_run_at     timestamptz,
    run_count       integer NOT NULL DEFAULT 0 CONSTRAINT schedule_run_count_not_negative CHECK (run_count >= 0),
    failures        integer NOT NULL DEFAULT 0 CONSTRAINT schedule_failures_not_negative CHECK (failures >= 0),
    reason          text,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schedule_has_one_rule CHECK (num_nonnulls(cron_expression, scheduled_at) = 1),
    CONSTRAINT schedule_next_run_only_when_active CHECK (status = 'active' OR next_run_at IS NULL),
    CONSTRAINT schedule_runs_within_limit CHECK (run_count <= max_runs),
    CONSTRAINT schedule_limits_catching_up CHECK ((misfire = 'run_all') = (catch_up_limit IS NOT NULL)),
    CONSTRAINT schedule_failed_for_a_reason CHECK (status <> 'failed' OR reason IS NOT NULL)
);
COMMENT ON COLUMN schedule.failures IS 'failed runs in a row';
COMMENT ON COLUMN schedule.last_run_at IS 'when the last successful run ended';
CREATE INDEX schedule_due ON schedule (next_run_at) WHERE status = 'active';
CREATE INDEX schedule_account_id_created_at ON schedule (account_id, created_at, id);

CREATE TABLE schedule_run (
    schedule_id uuid NOT NULL REFERENCES schedule ON DELETE CASCADE,
    run_at      timestamptz NOT NULL,
    status      text NOT NULL CONSTRAINT schedule_run_status_check
        CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
    attempt     integer NOT NULL DEFAULT 0 CONSTRAINT schedule_run_attempt_not_negative CHECK (attempt >= 0),
    token       uuid,
    due_at      timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    ended_at    timestamptz,
    error       text,
    PRIMARY KEY (schedule_id, run_at),
    CONSTRAINT schedule_run_is_held_while_running CHECK ((status = 'running') = (token IS NOT NULL)),
    CONSTRAINT schedule_run_has_ended CHECK ((status IN ('pending', 'running')) = (ended_at IS NULL))
);
COMMENT ON COLUMN schedule_run.due_at IS
    'when it may be taken: after a failure, or when the lease of its holder has ended';
-- The index is the lock: a schedule has at most one run that has not ended.
CREATE UNIQUE INDEX schedule_run_one_at_a_time ON schedule_run (schedule_id) WHERE status IN ('pending', 'running');
CREATE INDEX schedule_run_due ON schedule_run (due_at) WHERE status IN ('pending', 'running');
"""

DOWN = """
DROP TABLE schedule_run, schedule;
"""


def up(migrator, db):
    db.connection().execute(UP)


def down(migrator, db):
    db.connection().execute(DOWN)
