import type { Source } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { journalTopic } from '../state/internal-topics.ts';
import { type Mark, parseJournalEntry } from '../watermark/mark.ts';
import { ArchiveError } from './archive-file.ts';
import type { Archive } from './archive-reader.ts';
import type { LogRecord } from './record.ts';

type Marks = AsyncGenerator<Mark, void, void>;

/** Records, and the mark after them where there is one. */
export interface LogPart {
  readonly records: readonly LogRecord[];
  readonly mark: Mark | null;
}

/**
 * A source's log as the workers of an app took it in: its archived topic, with the marks of their archived journal
 * each at its place. Without an app there are no marks.
 */
export class MarkedLog {
  readonly source: Source;
  readonly partitions: readonly number[];
  /** Marks of places that the archived topic does not reach yet, which are left out; of the partitions read so far. */
  marksBeyond = 0;
  readonly #archive: Archive;
  /** The journal's topic and its partitions. */
  readonly #journal: { readonly topic: string; readonly partitions: readonly number[] } | null;

  /** @throws TidemarkError when the archive holds no such topic, or no journal of the app for it */
  constructor(archive: Archive, source: Source, app: string | null) {
    this.source = source;
    this.partitions = archive.partitions(source.topic);
    this.#archive = archive;
    this.#journal = app === null ? null : findJournal(archive, source.topic, app);
  }

  /** The partition from its first record to its last. */
  async *read(partition: number): AsyncGenerator<LogPart, void, void> {
    const marks = this.#marks(partition);
    try {
      yield* this.#merge(partition, marks);
    } finally {
      await marks.return();
    }
  }

  async *#merge(partition: number, marks: Marks): AsyncGenerator<LogPart, void, void> {
    let mark = await nextOf(marks);
    let last = -1;
    for await (const { records } of this.#archive.read(this.source.topic, partition)) {
      last = records.at(-1)!.offset;
      let from = 0;
      while (mark !== null && mark.after < last) {
        const { after } = mark;
        const to = records.findIndex(({ offset }) => offset > after);
        yield { records: records.slice(from, to), mark };
        from = to;
        mark = await nextOf(marks);
      }
      yield { records: from === 0 ? records : records.slice(from), mark: null };
    }
    for (; mark !== null; mark = await nextOf(marks)) {
      if (mark.after <= last) yield { records: [], mark };
      else this.marksBeyond++;
    }
  }

  /** The source's marks in a partition of the journal, in the order of their places. */
  async *#marks(partition: number): Marks {
    if (this.#journal?.partitions.includes(partition) !== true) return;
    const { topic } = this.#journal;
    let last = -1;
    for await (const { records } of this.#archive.read(topic, partition)) {
      for (const { offset, value } of records) {
        const where = `offset ${offset} of partition ${partition} of ${topic}`;
        const { source, mark } = parseJournalEntry(textOf(value), where);
        if (source !== this.source.name) continue;
        if (mark.after < last) {
          throw new TidemarkError(`${where} is a mark after offset ${mark.after}, behind one after ${last}`, {
            code: 'JOURNAL_ORDER',
            place: { file: this.#archive.dir },
            remedy: 'Two workers have marked one partition, or the source topic was created anew.',
          });
        }
        last = mark.after;
        yield mark;
      }
    }
  }
}

function findJournal(archive: Archive, topic: string, app: string) {
  const journal = journalTopic(app, topic);
  try {
    return { topic: journal, partitions: archive.partitions(journal) };
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.code !== 'ARCHIVE_TOPIC') throw error;
    throw new TidemarkError(`the archive holds no journal of app '${app}' for topic '${topic}'`, {
      code: 'JOURNAL_MISSING',
      place: { file: archive.dir },
      remedy: `Archive it with the topic: tidemark archive --topic ${topic} --journal ${app} …`,
    });
  }
}

async function nextOf(marks: Marks): Promise<Mark | null> {
  const { value } = await marks.next();
  return value ?? null;
}

function textOf(value: LogRecord['value']): string {
  if (value === null) return '';
  return Buffer.from('json' in value ? value.bytes() : value).toString();
}
