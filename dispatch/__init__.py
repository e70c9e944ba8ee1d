"""The service layer behind API, workers, sweeper and CLI. It knows the rules, and nothing of HTTP, RQ or terminals.

caller      who asks: the first argument of every function that acts for someone
start       enqueue (the only way to start; its steps are logged) → startable (what can be), preparation, with writers
            (of its texts), chunk (its rows) and planning (keeps caps) → ending (it sends or is put back), and what it
            answers: started; remote_audience (fetched before it is prepared), lost (a preparation that is another's
            now); sweep (what is due, several at once: starters) and what it answers: swept; occurrences (of recurring
            campaigns), to_customers (chosen customers), follow_ups (retry, rest, test) and no_one_left (for one),
            winners (for those held back), winner_rules (that choose one) and withholding (of any), unknown (decided by
            a person), request_key (finds the start of a repeated Idempotency-Key)
sending     courier (keeps each work) → window → exchange (records and claims) → round_trip, and calls (through
            handover; recorded as spans); time_box ends the job; route_pace (of several providers) → pace (what a job
            may send) → rates (of senders, in Redis); outcomes says what an answer means; postponing moves what may not
            be sent now; settlement closes and settles; keeper (saves what a process cannot record before it has to end)
            → kept_answers; answers (to replies)
campaigns   draft, timing (when it may reach people), whatsapp (templates), variants (several texts), writing, editing,
            lifecycle, patterns (recurring campaigns follow their schedules), reading, view, rules, approval, previews
            (of several texts: variant_previews), plans (who is reached when), messages, links (of its text), results
            (of several texts) and their verdict, progress;
            message_view, preview_view, plan_view and schedule_view are what people see of those
audience    members (counted, read page by page), cost (bounded), fields (of a text, as SQL), choice, combined (several
            lists and segments, minus others) → combined_sql → part_counts, segments, filter (by operators and their
            values) → filter_values (as they are stored) → filter_account (as an account has it); filter_relations
            (lists, campaigns) → filter_sql; previews (who it would reach), cohorts (who may be messaged at the same
            time), gaps (whose texts lack something), text_check; conditions (of a remote audience)
customers   customers, conversation (messages and replies of one), attributes, attribute_limits, phone_types (of those
            from before they were stored), lists,
            list_members, suppressions, export; said_elsewhere (opt-outs in other columns) → import_lines,
            suppression_lines → import_parts → imports (a local CSV file), import_trial (changes nothing),
            suppression_files; import_upload → import_run (over HTTP, as jobs, from a kept_file); open_imports (keeps
            campaigns from starting on a part), import_retention; remote_users (a page of user-service)
links       short links in texts: codes (what they name), addresses (where they lead), opt_outs (by their readers),
            clicks, bots (what opens links by itself)
texts       template, filters, letters, placeholders (that there are such), strangers (those of other tools), check,
            stored (with versions), components (of WhatsApp templates) and approved (compares them with Meta's), sms
            (how many segments a text takes), typography (which makes it take more); tracking (which addresses become
            links), variants (who gets which of several texts), winner_rule (when the best is sent), linked (with
            links); rendering (all of these for a whole campaign)
accounts    accounts (subscription), settings, windows (which quiet hours leave campaigns time), keys, sign_in_offers
            (to the console), credits, quotas (what an operator limits), audit_trail (who changed what)
schedules   what people see and change of schedules, which `scheduling` runs
hours       when a recipient may be messaged: zones (whose clock counts), window, quiet, holidays → slots (the next
            time); timetable (a campaign's hours), plan (its recipients' times), caps (how often)
formats     described (a JSON schema, built once) → view (what people see of a row), phone_text → phone_tails (what may
            be an extension) → phones;
            phone_countries (which numbers are a country's), csv_out, composing (normal forms) → checks (names, texts,
            times), searches, strict_json (what can be stored); encodings; csv_scan → csv_records, dates → columns,
            consents → headers, line_breaks → csv_in → portions (each bounded), rejects (to be repaired), private_file
process     startup, schema (is it this release's), children (kept running), heartbeat, listed_job (what a worker may
            run), trusted_queue (where workers find those), lock (in Redis; it saves work and decides nothing),
            watchdog (ends a process that hangs), remembered (the latest answer to a question that may hang),
            claiming_pass (claims what is due and calls, again and again)
metrics     what Prometheus reads: counted (by each process) and calls, receipts (of many at once), tally (by all
            of them, in Redis), servers (asks PostgreSQL and Redis) → deployment → exposition
channels    through which providers an account's messages go: providers (added, tried, removed), callbacks,
            resealing, templates (read from Meta), routes; opening (a row becomes what makes calls) → routing (whom a
            campaign is sent through), switch (from one to the next), circuit (leaves one that fails alone) →
            shared_circuits (as all workers do)
providers   what every provider takes and answers; choice (the installation's), kinds (that accounts may add): http,
            sessions (to call with), guard (no private addresses), link, receipts, inbound, sealing (of credentials),
            standard_webhooks (how posts are signed), gsm7; twilio, vonage, kannel, whatsapp_cloud → whatsapp_message,
            whatsapp_templates; webhook, messaging_service, simulated, simulator/
receipts    what providers post to us: hooks (verified and stored) → callers (whose requests they are) and gathering (of
            those that come at once); applying (to messages, later), reasons (in words),
            lookups (asked for when none came), replies, keywords (STOP and its like), settings (an account's own words
            and answers), answers (booked), retention (of replies)
clients     the remote services that are only read: users, businesses (where each is: mapping); reading (GET with
            retries), tokens (Keycloak)
audit       the invariants, as queries
webhooks    what accounts' own programs are told: webhooks, addresses, events, payload, sending,
            resealing, retention
traces      trace (the story of one message) → view
doctor      why campaigns do not move, when they will end, and what the installation lacks
outbox      publishes committed batches
queues      the only file that names queues and jobs; pushes them
arrivals    tells busy send workers that a batch was pushed
signing     how a job stands in Redis
runs        what is due, from cron or CI: push (through jobs), in_place; report; from_rows (workers without Redis)
recovery    continues or ends work that lost its owner
tracing     the trace that work belongs to: place (as `traceparent` names it) → current → spans; recording lets a
            process record those, with OpenTelemetry (otel)
errors      what is refused, and why
counting    counted words, in every message
"""
