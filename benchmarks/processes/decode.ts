import { avroEncoder, encodeJson } from '../../src/demo/encode.ts';
import { generateTransactions, TRANSACTION_DEFAULTS } from '../../src/demo/transactions.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import { Rejection } from '../../src/sources/record.ts';
import { loadCardGroup } from '../card-group.ts';
import { cardRisk } from '../card-risk.ts';
import { parameters, tell } from './parameters.ts';

/** Decodes values of card transactions into rows, every field declared. */
const { format, records } = parameters<{ format: 'json' | 'avro'; records: number }>();
const VALUES = 50_000;

const group = await loadCardGroup(cardRisk(5), { format });
const decoder = createDecoder(group.source);
const encode = format === 'avro' ? avroEncoder() : encodeJson;
const values: Uint8Array[] = [];
for (const transaction of generateTransactions({ ...TRANSACTION_DEFAULTS, count: VALUES })) {
  values.push(encode(transaction));
}
const bytes = values.reduce((sum, value) => sum + value.length, 0) / values.length;

function decode(count: number): void {
  for (let i = 0; i < count; i++) {
    const row = decoder.decode(values[i % VALUES]!);
    if (row instanceof Rejection || decoder.eventTime(row) === null) throw new Error('a value was rejected');
  }
}
decode(Math.min(records, 100_000));
const cpu = process.cpuUsage();
const start = performance.now();
decode(records);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
tell({ perSecond: records / seconds, cpuUs: (user + system) / records, bytes });
