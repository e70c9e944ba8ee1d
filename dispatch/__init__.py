"""The hall that the doors share: everything the product does, and nothing about how it is asked.

start       enqueue (the one road) → audience → preparation → outbox → queues
send        delivery → window → exchange; outcomes says what an answer means; providers/ is the world
end         settlement (close and money), recovery (whatever lost its owner)
campaigns   campaigns (written, found, moved), campaign_editing, campaign_send (to chosen customers), campaign_children
            (retry, rest, test); campaign_rules is what they share, campaign_view how a campaign is shown
            approval: the second pair of eyes; request_key: the start that remembers its Idempotency-Key
sweep       sweep (what is due), lock (in Redis, which saves work and decides nothing)
people      customers, lists, list_members, suppressions: what a person does
accounts    accounts (settings, subscription), keys, credits, trail (who changed what)
files       imports (a CSV at hand) and import_rows; import_upload → import_run (over HTTP, as jobs); customer_export,
            suppression_files; csv_safe for whatever goes out
segments    audience_segments (kept filters), segment_filter (what one may ask), segment_sql (how it becomes SQL)
words       templates, template_filters, template_check, saved_templates (with versions); segments (of an SMS); phones
previews    previews: what a campaign would say, to whom, for how much
proof       audit/ (the invariants, as queries)
processes   startup, pulse (heartbeats), listed_job (what a worker may run)
errors      what is refused, and why
"""
