"""What docs/cron.md needs of a Supabase project: the interfaces of pg_cron, pg_net, the Vault and Deno.

They only write down what they are asked; the names and types are those of the extensions' own SQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from models.database import rows

_SCHEMAS = """
CREATE SCHEMA vault;
CREATE TABLE vault.secrets (secret text, name text UNIQUE);
CREATE VIEW vault.decrypted_secrets AS SELECT name, secret AS decrypted_secret FROM vault.secrets;
CREATE FUNCTION vault.create_secret(new_secret text, new_name text DEFAULT NULL) RETURNS void LANGUAGE sql
    AS $$ INSERT INTO vault.secrets VALUES (new_secret, new_name) $$;

CREATE SCHEMA cron;
CREATE TABLE cron.job (jobname text, schedule text, command text);
CREATE FUNCTION cron.schedule(job_name text, schedule text, command text) RETURNS void LANGUAGE sql
    AS $$ INSERT INTO cron.job VALUES (job_name, schedule, command) $$;

CREATE SCHEMA net;
CREATE TABLE net.http_request_queue (id bigserial, url text, headers jsonb, body bytea, timeout_milliseconds int);
CREATE TABLE net._http_response (
    id bigint, status_code int, content_type text, headers jsonb, content text, timed_out bool, error_msg text,
    created timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION net.http_post(
    url text, body jsonb DEFAULT '{}', params jsonb DEFAULT '{}',
    headers jsonb DEFAULT '{"Content-Type": "application/json"}', timeout_milliseconds int DEFAULT 5000)
    RETURNS bigint LANGUAGE sql
    AS $$ INSERT INTO net.http_request_queue (url, headers, body, timeout_milliseconds)
          VALUES (url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds) RETURNING id $$;
"""

# Calls the function that is given to Deno.serve once, and prints its answer.
EDGE_RUNTIME = """
let handler;
globalThis.Deno = { env: { get: (name) => process.env[name] }, serve: (given) => { handler = given; } };
// the function
const answer = await handler(new Request("http://localhost/"));
console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
"""


@contextmanager
def supabase() -> Iterator[None]:
    """Adds the interfaces to the database under test until the end of the block."""
    rows(_SCHEMAS)
    try:
        yield
    finally:
        rows("DROP SCHEMA vault, cron, net CASCADE")
