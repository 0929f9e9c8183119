import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { type Child, startProcess } from './processes.ts';

const WORKER_PROCESS = new URL('./processes/worker.ts', import.meta.url);

/** What a worker process is told. */
export interface WorkerParameters {
  readonly definitionsFile: string;
  readonly brokers: string;
  /** Null: a store that only counts. */
  readonly redisUrl: string | null;
  readonly folder: string;
  readonly app: string;
  readonly durability: 'none' | 'local' | 'kafka';
  readonly commitIntervalMs: number;
  /** Records that are not measured. */
  readonly warmUp: number;
  /** Records that are. */
  readonly records: number;
}

export type WorkerFigures = {
  perSecond: number;
  cpuUs: number;
  revisionsPerEvent: number;
  upsertsPerEvent: number;
  rssMb: number;
};

export type WorkerRun = Pick<
  WorkerParameters,
  'brokers' | 'redisUrl' | 'durability' | 'warmUp' | 'records'
> & { readonly topic: string; readonly features: 2 | 5 };

/**
 * Runs a worker over a topic of card transactions, with keys, state and a consumer group of its own.
 *
 * @param warm what is to be done when it has taken in what warms it up
 */
export function runWorkerProcess(
  { topic, features, ...options }: WorkerRun,
  warm?: (worker: Child) => Promise<void>,
): Promise<WorkerFigures> {
  return withTemporaryFolder(async (parent) => {
    const definitionsFile = join(parent, 'card-risk.ts');
    writeCardRisk(definitionsFile, features, topic);
    const folder = join(parent, 'worker');
    mkdirSync(folder);
    const app = `bench-${randomUUID()}`;
    const child = startProcess(WORKER_PROCESS, {
      ...options,
      definitionsFile,
      folder,
      app,
      commitIntervalMs: 1000,
    } satisfies WorkerParameters);
    if (warm !== undefined) {
      await child.message();
      await warm(child);
    }
    const figures = await child.message<WorkerFigures>();
    await child.end();
    return figures;
  });
}

/** Definitions whose rows have keys of their own, in a Redis that may hold those of other runs. */
export function writeCardRisk(
  file: string,
  features: 2 | 5,
  topic: string,
): { name: string; version: number } {
  const version = Math.floor(Math.random() * 1e9);
  const text = cardGroupText(cardRisk(features), { format: 'avro', topic });
  writeFileSync(file, text.replace('version: 1', `version: ${version}`));
  return { name: 'card_risk', version };
}
