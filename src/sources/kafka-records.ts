import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { ArchivedRecord } from './archive-envelope.ts';
import type { LogRecord } from './record.ts';

/** Offsets and timestamps as numbers, nothing else: this runs for every record. */
export function logRecords(messages: readonly KafkaMessage[]): LogRecord[] {
  const records = new Array<LogRecord>(messages.length);
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index]!;
    records[index] = {
      offset: Number(message.offset),
      timestamp: Number(message.timestamp),
      key: message.key,
      value: message.value,
    };
  }
  return records;
}

export function archivedRecords(messages: readonly KafkaMessage[]): ArchivedRecord[] {
  return messages.map(({ offset, timestamp, key, value, headers }) => ({
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: headersOf(headers),
  }));
}

/** Of a header that is repeated the last value; one without a value is left out. */
function headersOf(headers: IHeaders | undefined): Record<string, Uint8Array> {
  const result: Record<string, Uint8Array> = {};
  for (const [name, given] of Object.entries(headers ?? {})) {
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value !== undefined && value !== null) {
      result[name] = typeof value === 'string' ? Buffer.from(value) : value;
    }
  }
  return result;
}
