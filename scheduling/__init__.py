"""Runs registered functions at their times, for any module; it knows no campaigns, HTTP or terminals.

registry    which function runs for which type of job: `register` it in every process that creates or runs them
schedules   created from a draft, read, listed, changed, deleted; lifecycle pauses, resumes, cancels, runs now
tick        records the runs that are due and performs them; misfire says what becomes of those that are late
retention   deletes runs that have been kept for long enough
rule        when a schedule is due (once, or by cron); zones are its wall clocks, cron reads its expressions,
            words describes it
errors      what is refused, and why
"""
