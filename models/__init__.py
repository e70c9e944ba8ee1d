"""Rows and their moves: each table has its own file, with every change of its state as one statement.

campaigns   campaign, writing, children, deleting, audience (chosen customers), audience_parts (of several lists and
            segments), family (whom a follow-up may message), approval, hands (who changed what it sends), awaiting
            (what starts by itself), hours, preparation, remote_fetch, sending, condition (whether it moves); patterns
            (recurring campaigns) and their occurrences; due; held_back (who waits for the best of several texts) and
            variant_decision (which they get)
messages    message (and what is recorded of it), claiming, caps (how often a person is messaged), writing, recovery,
            recording and receiving (what became of it), unknown, reading, of_person (to one number), story (all that
            is kept of one), linked (by the code of a link), variants (what became of each text), parameters (of
            WhatsApp templates); batch, pushing (its jobs) and due (which is next without them); arrays (how the send
            path passes a window)
customers   customer, attributes, attribute_counts, phone_types, lists, upsert, remote (users of user-service), imports
            (import_states: as they go on), open_imports, ended_imports, import_commands, import_files,
            import_takeovers, import_trials, suppression
schedules   schedule, run
accounts    account, api_key, audit_event, credit, quota (what an operator limits), idempotency_key
console     session (who is signed in)
webhooks    webhook, event (of campaigns by a trigger, of messages derived), telling (of replies and opt-outs), delivery
links       campaign_link (where the short links of a campaign lead), link_click (who opened them)
texts       template, segment (with what its filter names)
providers   provider (with sealed credentials), approved_template (of WhatsApp), route (through which messages of a
            channel go), receipt (of messages), receipt_lookup (of those that did not come), reply, reply_word (that
            mean STOP and its like), reply_text and reply_answer (to those), refused_callback (how many were not signed)
processes   heartbeat
metrics     deployment (what the tables say of it)
all tables  database → connection, statement_limit, failures (what it raises), unreachable (why), row, page, search,
            export, retention, tenancy (whose rows), turns (whose is next), table_size, states (every state and
            move), migrate
"""
