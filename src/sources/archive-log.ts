import type { Offset } from '../time.ts';
import type { Archive } from './archive-reader.ts';
import type { LogHandlers, LogReader, PartitionLag, TopicPartition } from './log-reader.ts';
import type { RecordBatch } from './record.ts';

interface Reading extends TopicPartition {
  readonly batches: AsyncIterator<RecordBatch>;
}

/**
 * Follows an archive as if it were a live log: what lets a worker run on a machine without Kafka. Its partitions
 * take turns; {@link run} ends when all are read.
 */
export class ArchiveLogReader implements LogReader {
  readonly #archive: Archive;
  readonly #topics: readonly string[];
  readonly #positions = new Map<string, Offset>();
  #stopped = false;
  /** Hears each move of a position; for whoever shows progress or stops the reader somewhere. */
  onPosition: ((topic: string, partition: number, position: Offset) => void) | null = null;
  #finished: Promise<void> = Promise.resolve();

  constructor(archive: Archive, topics: readonly string[]) {
    this.#archive = archive;
    this.#topics = topics;
  }

  run(handlers: LogHandlers): Promise<void> {
    const running = this.#follow(handlers);
    this.#finished = running.catch(() => {});
    return running;
  }

  async #follow(handlers: LogHandlers): Promise<void> {
    const partitions = this.#topics.flatMap((topic) =>
      this.#archive.partitions(topic).map((partition) => ({ topic, partition })),
    );
    await handlers.assigned(partitions);
    const reading: Reading[] = [];
    for (const { topic, partition } of partitions) {
      const position = await handlers.positionOf({ topic, partition });
      const from =
        typeof position === 'number' ? position : position === 'earliest' ? 0 : Number.MAX_SAFE_INTEGER;
      const batches = this.#archive.read(topic, partition, from)[Symbol.asyncIterator]();
      reading.push({ topic, partition, batches });
    }
    try {
      while (reading.length > 0 && !this.#stopped) {
        const one = reading.shift()!;
        const { done, value } = await one.batches.next();
        if (done === true) continue;
        reading.push(one);
        const next = value.records.at(-1)!.offset + 1;
        await handlers.records(one.topic, value, next);
        this.#positions.set(`${one.topic}/${one.partition}`, next);
        handlers.advanced?.(one.topic, one.partition, next);
        this.onPosition?.(one.topic, one.partition, next);
      }
    } finally {
      for (const { batches } of reading) await batches.return?.();
    }
    await handlers.leaving?.();
  }

  /** Nobody asks an archive how far it was read. */
  async commit(): Promise<void> {}

  restart(): never {
    throw new Error('an archive is read once');
  }

  /** There is one reader, which has every partition. */

  async lag(): Promise<readonly PartitionLag[]> {
    return [...this.#positions].map(([name, position]) => {
      const [topic, partition] = name.split('/') as [string, string];
      return { topic, partition: Number(partition), position, end: position, isCurrent: true };
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#finished;
  }
}
