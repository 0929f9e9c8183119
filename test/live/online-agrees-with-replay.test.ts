import { describe } from 'vitest';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { onlineAgreesWithReplay } from './online-agrees-with-replay.ts';

describe('a worker with SQLite', () => {
  onlineAgreesWithReplay(async () => new SqliteOnlineStore({ file: ':memory:' }));
});
