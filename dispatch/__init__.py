"""The service layer behind API, workers, sweeper and CLI. It knows the rules, and nothing of HTTP, RQ or terminals.

caller      who asks: the first argument of every function that acts for someone
start       enqueue (the only way to start) → preparation, by the planning of each message's time; sweep (what is due),
            occurrences (of recurring campaigns), to_customers (chosen customers), follow_ups (retry, rest, test),
            request_key (finds the start of a repeated Idempotency-Key)
sending     courier → window → exchange (records and claims) and calls (through handover); time_box ends the job;
            outcomes says what an answer means; postponing moves what may not be sent now; settlement closes and
            settles
campaigns   draft, timing (when it may reach people), writing, lifecycle, patterns (recurring campaigns follow their
            schedules), reading, view, rules, approval, previews, messages, progress; message_view and preview_view are
            what people see of those
audience    members (counted, read page by page), choice, segments, filter (by operators and their values) → filter_sql,
            previews (who it would reach)
customers   customers, lists, list_members, suppressions, suppression_files, export; imports (a local CSV file),
            import_trial (changes nothing), import_upload → import_run (over HTTP, as jobs); open_imports (keeps
            campaigns from starting on a part)
texts       template, filters, check, stored (with versions), sms (how many segments a text takes)
accounts    accounts (subscription), settings, keys, credits, audit_trail (who changed what)
schedules   what people see and change of schedules, which `scheduling` runs
hours       when a recipient may be messaged: zones (whose clock counts), window, quiet, holidays → slots (the next
            time); timetable (a campaign's hours), caps (how often)
formats     view (what people see of a row), phones, csv_out, checks (names, texts, times), strict_json
            (what can be stored); encodings, csv_records, columns → headers → csv_in → rejects (to be repaired)
process     startup, children (kept running), heartbeat, listed_job (what a worker may run), lock (in Redis; it saves
            work and decides nothing)
providers   what every provider takes and answers; choice, http, simulator/
audit       the invariants, as queries
outbox      publishes committed batches
queues      the only file that names queues and jobs; pushes them
recovery    continues or ends work that lost its owner
errors      what is refused, and why
"""
