import { startKafka } from '../test/services/kafka.ts';
import { startRedis } from '../test/services/redis.ts';

/** A Kafka and a Redis on this machine, without Docker, for trying things out; ends with Ctrl-C, keeping nothing. */
const [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
process.stdout.write(
  `Kafka and Redis are up. Ctrl-C stops them. In another shell:\n\n` +
    `  export TIDEMARK_BROKERS=${kafka.brokers} TIDEMARK_REDIS=${redis.url}\n`,
);
const stop = async () => {
  await Promise.all([kafka.stop(), redis.stop()]);
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
