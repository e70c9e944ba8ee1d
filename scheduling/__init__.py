"""Runs registered functions at their times, for any module; it knows no campaigns, HTTP or terminals.

rule        when a schedule is due (once, or by cron); zones are its wall clocks, cron reads its expressions,
            words describes it
errors      what is refused, and why
"""
