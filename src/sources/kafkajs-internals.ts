import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** A module of kafkajs that it does not export, by its path in `src`: as its pinned version has it. */
export function kafkajsModule<T>(path: string): T {
  return load(`kafkajs/src/${path}`) as T;
}

/** What mends something in the library, at the first call only. */
export function once(mend: () => void): () => void {
  let isMended = false;
  return () => {
    if (isMended) return;
    isMended = true;
    mend();
  };
}
