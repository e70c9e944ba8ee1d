"""The same promises for schedules: each has its owner, the tick of every sweeper, and one run at a time."""

_UNFINISHED = "run.status IN ('pending', 'running')"

I5 = {
    "Active schedules without a next time, though their last run has ended": f"""
        SELECT account_id, id::text AS id FROM schedule
        WHERE status = 'active' AND next_run_at IS NULL
          AND NOT EXISTS (SELECT FROM schedule_run AS run WHERE run.schedule_id = schedule.id AND {_UNFINISHED})""",
    "Schedules due for ten minutes that were neither run nor passed over": f"""
        SELECT account_id, id::text AS id FROM schedule
        WHERE status = 'active' AND greatest(next_run_at, updated_at) < now() - interval '10 minutes'
          AND NOT EXISTS (SELECT FROM schedule_run AS run WHERE run.schedule_id = schedule.id AND {_UNFINISHED})""",
    # That of a paused schedule waits until it is resumed.
    "Schedules with a run that nobody took for ten minutes after it was due or its holder's lease had ended": f"""
        SELECT account_id, id::text AS id FROM schedule JOIN schedule_run AS run ON run.schedule_id = id
        WHERE schedule.status = 'active' AND {_UNFINISHED}
          AND greatest(run.due_at, updated_at) < now() - interval '10 minutes'""",
    "Schedules that are completed, failed or cancelled, with a run that has not ended": f"""
        SELECT account_id, id::text AS id FROM schedule JOIN schedule_run AS run ON run.schedule_id = id
        WHERE schedule.status IN ('completed', 'failed', 'cancelled') AND {_UNFINISHED}""",
}

# Runs are deleted after a day at the earliest, so younger schedules still have all of theirs.
I8 = {
    "Schedules that counted fewer runs than they have, or more if they are younger than a day": """
        SELECT account_id, id::text AS id
        FROM schedule LEFT JOIN (SELECT schedule_id, count(*) AS rows FROM schedule_run
                                 WHERE status IN ('succeeded', 'failed') GROUP BY 1) AS kept ON kept.schedule_id = id
        WHERE run_count < coalesce(rows, 0)
           OR (run_count > coalesce(rows, 0) AND created_at > now() - interval '1 day')""",
}

I9 = {
    "Schedules with more than one run that has not ended": f"""
        SELECT account_id, id::text AS id FROM schedule JOIN schedule_run AS run ON run.schedule_id = id
        WHERE {_UNFINISHED} GROUP BY id HAVING count(*) > 1""",
}

I12 = {
    "Schedules of no account": """
        SELECT account_id, id::text AS id FROM schedule
        WHERE NOT EXISTS (SELECT FROM account WHERE account.id = account_id)""",
    "Runs of no schedule": """
        SELECT NULL::uuid AS account_id, schedule_id::text AS id FROM schedule_run
        WHERE NOT EXISTS (SELECT FROM schedule WHERE schedule.id = schedule_id)""",
}
