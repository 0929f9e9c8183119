import { MemoryStateStore } from '../../src/state/memory-state-store.ts';
import { testStateStore } from './state-store-contract.ts';

testStateStore(async () => {
  const store = new MemoryStateStore();
  return { store, reopen: async () => store, end: () => store.close() };
});
