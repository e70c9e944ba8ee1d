// A worker: for each batch reads its rows, renders the texts, sends them, and marks them as sent with their ids.
const http = require("node:http");
const { Worker } = require("bullmq");
const { pool, provider, redis, template } = require("./common.js");

const READ = `
SELECT m.id, m.phone, c.first_name, c.prefered_product FROM peer_message m JOIN customer c ON c.id = m.customer_id
WHERE m.id BETWEEN $1 AND $2 AND m.status = 'pending'`;
const MARK = `
UPDATE peer_message m SET status = 'sent', provider_id = given.provider_id, sent_at = now()
FROM unnest($1::bigint[], $2::text[]) AS given (id, provider_id) WHERE m.id = given.id`;
const CALLS_AT_A_TIME = 64;
// So that one batch is rendered while PostgreSQL works on another.
const BATCHES_AT_A_TIME = 4;

const agent = new http.Agent({ keepAlive: true, maxSockets: CALLS_AT_A_TIME });
const database = pool(BATCHES_AT_A_TIME);
const progress = redis();

function call(id, phone, body) {
  const document = JSON.stringify({ channel: "sms", to: phone, body, reference: id, token: "peer" });
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(document) };
  return new Promise((resolve, reject) => {
    const request = http.request(`${provider}/messages`, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.on("data", (part) => { text += part; });
      response.on("end", () => (response.statusCode < 300 ? resolve(JSON.parse(text).id) : reject(new Error(text))));
    });
    request.on("error", reject);
    request.end(document);
  });
}

async function sendBatch(job) {
  const { rows } = await database.query(READ, [job.data.first, job.data.last]);
  const texts = rows.map((row) => template.replace(/\{(\w+)\}/g, (_, name) => row[name]));
  const ids = rows.map((row) => row.id);
  const providerIds = provider
    ? await Promise.all(rows.map((row, at) => call(row.id, row.phone, texts[at])))
    : ids.map((id, at) => `peer-${id}-${texts[at].length}`);
  await database.query(MARK, [ids, providerIds]);
  await progress.incrby("peer:sent", ids.length);
}

const worker = new Worker("peer", sendBatch, { connection: redis(), concurrency: BATCHES_AT_A_TIME });
worker.on("failed", (job, problem) => console.error(problem));
worker.waitUntilReady().then(() => progress.rpush("peer:ready", process.pid));
process.on("SIGTERM", async () => { await worker.close(true); process.exit(0); });
