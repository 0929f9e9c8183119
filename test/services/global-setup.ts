import type { TestProject } from 'vitest/node';
import { startKafka } from './kafka.ts';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the Kafka that all integration tests share; make topics of your own in it. */
    kafkaBrokers: string;
    /** The Redis that all integration tests share; keep to keys of your own, and never flush it. */
    redisUrl: string;
  }
}

/** One Kafka and one Redis for a whole run. Tests that stop or starve a service start their own. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const starting = [startKafka(), startRedis()] as const;
  const outcomes = await Promise.allSettled(starting);
  const stop = async () => {
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.stop();
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw new Error([failed.reason.message, failed.reason.remedy ?? ''].join('\n'), { cause: failed.reason });
  }
  const [kafka, redis] = await Promise.all(starting);
  project.provide('kafkaBrokers', kafka.brokers);
  project.provide('redisUrl', redis.url);
  return stop;
}
