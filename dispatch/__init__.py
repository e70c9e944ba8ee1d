"""The hall that the doors share: everything the product does, and nothing about how it is asked.

start       enqueue (the one road) → audience → preparation → outbox → queues
send        delivery → window → exchange; outcomes says what an answer means; providers/ is the world
end         settlement (close and money), recovery (whatever lost its owner)
people      campaigns, customers, accounts: what a person does; campaign_view: how a campaign is shown
words       templates, template_filters, segments, phones; imports and import_rows for CSV files
proof       audit/ (the invariants, as queries)
processes   startup, pulse (heartbeats), listed_job (what a worker may run)
errors      what is refused, and why
"""
