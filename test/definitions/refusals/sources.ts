import { HEAD } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const source = (change: (head: string) => string): string => change(HEAD);

export const WRONG_SOURCES: readonly Refusal[] = [
  [
    'a key that is no field',
    source((head) => head.replace("key: 'card_id'", "key: 'card' as never")),
    `definitions.ts:4:8: 'key' of the source is 'card', which the schema has not
  did you mean 'card_id'?`,
  ],
  [
    'a key of doubles',
    source((head) => head.replace("key: 'card_id'", "key: 'price'")),
    `definitions.ts:4:8: 'key' of the source is 'price', a field of double, which has no one text to compare a record key with
  declare it as string, int, long or enum`,
  ],
  [
    'a name with a slash',
    source((head) => head.replace("name: 'transactions'", "name: 'a/b'")),
    `definitions.ts:3:9: 'name' of the source is 'a/b', which is no safe name
  a name is up to 200 letters, digits, _ - and ., not starting with . or -`,
  ],
  [
    'an event time that is no field',
    source((head) => head.replace("field: 'event_ts'", "field: 'event_t' as never")),
    `definitions.ts:15:23: 'field' of eventTime is 'event_t', which the schema has not
  did you mean 'event_ts'?`,
  ],
  [
    'an event time of doubles',
    source((head) => head.replace("field: 'event_ts'", "field: 'price'")),
    `definitions.ts:15:23: 'field' of eventTime is 'price', a field of double, which is no time
  declare it as field.timestampMillis, field.timestampMicros, or field.localDateTime with a zone`,
  ],
  [
    'a zone beside an instant',
    source((head) => head.replace("'event_ts' }", "'event_ts', zone: 'UTC' }")),
    `definitions.ts:15:41: 'zone' of eventTime stands beside 'event_ts', which is an instant already
  leave the zone out`,
  ],
  [
    'a local time without a zone',
    source((head) => head.replace('field.timestampMillis', 'field.localDateTime')),
    `definitions.ts:15:23: 'field' of eventTime is 'event_ts', a local date-time, which is no instant without a zone
  write eventTime: { field: 'event_ts', zone: 'Asia/Kolkata' }`,
  ],
  [
    'an unknown zone',
    source((head) =>
      head
        .replace('field.timestampMillis', 'field.localDateTime')
        .replace("'event_ts' }", "'event_ts', zone: 'Mars' }"),
    ),
    `definitions.ts:15:41: 'zone' of eventTime is 'Mars', which is no time zone
  write an IANA name, like 'Asia/Kolkata' or 'UTC'`,
  ],
  [
    'what is no field type',
    source((head) => head.replace('field.double', "'double' as never")),
    `definitions.ts:8:12: the field 'price' is 'double', not a field type
  write one of field.string, field.long, field.double, field.timestampMillis, field.enum(…) …`,
  ],
  [
    'an enum of nothing',
    source((head) => head.replace("'settled', 'failed'", '...([] as never)')),
    `definitions.ts:9:13: the enum 'status' lists nothing
  list every value once, field.enum('settled', 'failed')`,
  ],
  [
    'an enum of one value twice',
    source((head) => head.replace("'settled', 'failed'", "'failed', 'failed'")),
    `definitions.ts:9:13: the enum 'status' lists what is no text, or one text twice
  list every value once, field.enum('settled', 'failed')`,
  ],
  [
    'a schema of nothing',
    "import { defineSource } from 'tidemark';\nexport const s = defineSource({ name: 's', schema: {}, eventTime: { field: 'at' as never } });",
    `definitions.ts:2:52: 'schema' of the source has no field
  declare the fields that features read, like amount: field.long`,
  ],
  [
    'a field twice',
    source((head) => head.replace('price: field.double,', 'price: field.double, amount: field.int,')),
    `definitions.ts:8:26: the field 'amount' stands twice in the schema
  leave one of them out`,
  ],
  [
    'an epoch too far',
    source((head) => head.replace("key: 'card_id'", 'epoch: 1024')),
    `definitions.ts:4:10: 'epoch' of the source is 1024, which is out of range
  write an integer, 0 to 1023`,
  ],
  [
    'a writer schema of JSON',
    source((head) => head.replace("key: 'card_id'", "writerSchema: './a.avsc'")),
    `definitions.ts:4:17: 'writerSchema' of the source needs values of Avro
  write format: 'avro', or leave it out`,
  ],
  [
    'a field that Avro cannot name',
    source((head) => head.replace("key: 'card_id'", "format: 'avro'").replace('photo:', "'my photo':")),
    `definitions.ts:11:5: the field name 'my photo' cannot be in an Avro record
  a name is letters, digits and _, not starting with a digit`,
  ],
  [
    'a wrong watermark',
    source((head) => head.replace("key: 'card_id'", "watermark: { maxAhead: '1 minute' }")),
    `definitions.ts:4:26: 'maxAhead' of watermark is '1 minute', not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'an idle time-out of nothing',
    source((head) => head.replace("key: 'card_id'", "watermark: { idleTimeout: '0s' }")),
    `definitions.ts:4:29: 'idleTimeout' of watermark is '0s', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
];
