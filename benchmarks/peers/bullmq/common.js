// What producer and worker share: where everything is, as the PEER_* variables say.
const IORedis = require("ioredis");
const { Pool } = require("pg");

exports.redis = () => new IORedis(process.env.PEER_REDIS_URL, { maxRetriesPerRequest: null });
// Durable commits, as everywhere in these measurements.
exports.pool = (max) => new Pool({ connectionString: process.env.PEER_DATABASE_URL, max, options: "-c synchronous_commit=on" });
exports.batchSize = Number(process.env.PEER_BATCH);
exports.account = process.env.PEER_ACCOUNT;
exports.template = process.env.PEER_TEMPLATE;
exports.provider = process.env.PEER_PROVIDER_URL;
