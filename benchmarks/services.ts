import { startKafka } from '../test/services/kafka.ts';
import { startRedis } from '../test/services/redis.ts';

export interface Services {
  readonly brokers: string;
  readonly redisUrl: string;
}

/** Works with a real Kafka and a real Redis, which are stopped when it is done. */
export async function withServices<T>(work: (services: Services) => Promise<T>): Promise<T> {
  const kafka = await startKafka();
  try {
    const redis = await startRedis();
    try {
      return await work({ brokers: kafka.brokers, redisUrl: redis.url });
    } finally {
      await redis.stop();
    }
  } finally {
    await kafka.stop();
  }
}
