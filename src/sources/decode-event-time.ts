import type { Source } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { type EventTimeMs, floorDiv } from '../time.ts';
import { localTimeReader } from './decode-local-time.ts';
import { describeFound } from './decode-validator.ts';
import { type RecordDecoder, Rejection } from './record.ts';

/** How the rows of a source say their event time (semantics.md, "The log"). */
export function eventTimeReader(source: Source): RecordDecoder['eventTime'] {
  const { field, zone } = source.eventTime;
  const kind = source.fields.get(field)?.kind;
  switch (kind) {
    case 'timestampMillis':
    case 'long':
    case 'int':
      return (row) => row[field] as EventTimeMs | null;
    case 'timestampMicros':
      return (row) => {
        const micros = row[field] as number | null;
        return micros === null ? null : floorDiv(micros, 1000);
      };
    case 'localDateTime': {
      const read = localTimeReader(zone);
      return (row) => {
        const text = row[field] as string | null;
        if (text === null) return null;
        return read(text) ?? unreadable(field, text, zone);
      };
    }
    default:
      assert(false, `event time of source ${source.name} is read from a field of kind ${kind}`);
  }
}

function unreadable(field: string, text: string, zone: string | null): Rejection {
  const form = `a local date-time like 2026-03-08T02:30:15.250${zone === null ? 'Z' : ''}`;
  return new Rejection('schema', `field '${field}': found ${describeFound(text)}, expected ${form}`);
}
