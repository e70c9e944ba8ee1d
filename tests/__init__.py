"""What each folder proves; servers are real everywhere, and only the world outside is simulated.

models      how PostgreSQL reads the tables of messages and schedules
dispatch    the rules, called directly: starting, sending, recovery, audiences, customers, texts, invariants; and
            providers: what a provider answers and what that means, the simulator as a library and as a process;
            channels: an account's providers and routes
scheduling  rules over every change of every zone; schedules and ticks by a stopped clock, in races and after kill -9
api         http: what applies to every route (keys, limits, idempotency, tenants); routes: each resource over HTTP;
            operating: what operators look at
cli         each verb as a person or a script runs it: what it prints, what it refuses, and its exit status
config      what the processes of one machine share
jobs        workers and their supervisor, as processes
sweeper     what is due is started once; the scheduler, as a process
embedded    `up`, `down` and the demo: the whole product on one machine
examples    the examples of examples/, and the calls of docs/cron.md, run as a reader would
faults      every promise while processes and servers are killed in mid-campaign
security    what strangers and tenants may try against web, over real sockets; docs/security.md has the table
house       what CONTRIBUTING.md and docs/ promise, compared with the code

Shared by all: factories (arrange), sending and scripted_provider (send in the test), stored (look at the database),
racing (many at once), clock (stands still), zone_changes (every one until 2037), recurring (campaigns with a schedule),
doubles (the remote services), web (as it is deployed), routes (each of the application's), waiting, servers, own_redis,
processes, simulator; moves refuses a change of state that models/states.py does not allow, in every test.
"""
