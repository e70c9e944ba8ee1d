// Waits for the start, then writes a row for each recipient, 10,000 in a transaction, and pushes a job for each batch
// after its commit.
const { Queue } = require("bullmq");
const { account, batchSize, pool, redis } = require("./common.js");

const START_TIMEOUT_SEC = 60;
const INSERT = `
WITH inserted AS (
    INSERT INTO peer_message (customer_id, phone, status)
    SELECT id, phone, 'pending' FROM customer WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT 10000
    RETURNING id, customer_id)
SELECT min(id) AS first, max(id) AS last, max(customer_id) AS after FROM inserted`;

async function main() {
  const connection = redis();
  const queue = new Queue("peer", { connection });
  const database = pool(1);
  await Promise.all([queue.waitUntilReady(), database.query("SELECT 1")]);
  await connection.rpush("peer:ready", process.pid);
  await connection.blpop("peer:go", START_TIMEOUT_SEC);
  let after = 0;
  for (;;) {
    const found = (await database.query(INSERT, [account, after])).rows[0];
    if (found.first === null) break;
    after = found.after;
    const jobs = [];
    for (let first = Number(found.first); first <= Number(found.last); first += batchSize) {
      const data = { first, last: Math.min(first + batchSize - 1, Number(found.last)) };
      jobs.push({ name: "send", data, opts: { removeOnComplete: true } });
    }
    await queue.addBulk(jobs);
  }
  await queue.close();
  await database.end();
  await connection.quit();
}

main().catch((problem) => { console.error(problem); process.exit(1); });
