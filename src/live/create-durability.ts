import type { FeatureGroup } from '../definitions/definition.ts';
import type { Log } from '../sources/kafka-client.ts';
import type { LogReader } from '../sources/log-reader.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Durability } from './durability.ts';
import { KafkaCommitLogs } from './kafka-commit-log.ts';
import { KafkaDurability } from './kafka-durability.ts';
import { LocalDurability } from './local-durability.ts';
import type { RunOptions } from './options.ts';
import { Standby } from './standby.ts';
import type { WorkerMeter } from './worker-meter.ts';

/** What makes a worker's work survive, as its options say. */
export function createDurability(
  { app, kafka, durability }: Pick<RunOptions, 'app' | 'kafka' | 'durability'>,
  parts: {
    groups: readonly FeatureGroup[];
    state: StateStore;
    reader: LogReader;
    topics: readonly string[];
    log: Log;
    meter?: WorkerMeter | null;
  },
): Durability {
  const { groups, state, reader, topics, log, meter = null } = parts;
  if (durability.kind === 'local') {
    return new LocalDurability({ groups, state, reader, deadLetterDir: durability.deadLetterDir });
  }
  const { deadLettersTopic, lateTopic, revisionsTopic, standby } = durability;
  const outputs = [deadLettersTopic, lateTopic, ...(revisionsTopic === null ? [] : [revisionsTopic])];
  return new KafkaDurability({
    logs: new KafkaCommitLogs({ kafka, app, topics, outputs, log }),
    state,
    topics: { deadLetters: deadLettersTopic, late: lateTopic, revisions: revisionsTopic },
    createStandby: standby ? (...of) => new Standby(...of) : null,
    meter,
  });
}
