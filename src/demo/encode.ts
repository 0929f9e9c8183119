import avro from 'avsc';
import { STATUSES, type Transaction } from './transactions.ts';

/** A transaction as the bytes of a record's value. */
export type TransactionEncoder = (transaction: Transaction) => Uint8Array;

/** Bytes that are neither JSON nor Avro: a string of negative length. */
const GARBAGE = Uint8Array.of(0xff, 0xfe, 0x7b);

export const encodeJson: TransactionEncoder = ({ row, defect }) =>
  defect === 'garbage' ? GARBAGE : Buffer.from(JSON.stringify(row));

/** The schema of {@link avroEncoder} by default: the fields of a transaction, the event time nullable. */
export const TRANSACTION_AVRO_SCHEMA: avro.schema.RecordType = {
  type: 'record',
  name: 'transaction',
  fields: [
    { name: 'txn_id', type: 'string' },
    { name: 'card_id', type: 'string' },
    { name: 'merchant_id', type: 'string' },
    { name: 'amount_minor', type: 'long' },
    { name: 'status', type: { type: 'enum', name: 'status', symbols: [...STATUSES] } },
    { name: 'geo', type: ['null', 'string'] },
    { name: 'event_ts', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
  ],
};

/** `schema` names the fields of a transaction, some or all of them. */
export function avroEncoder(schema: avro.Schema = TRANSACTION_AVRO_SCHEMA): TransactionEncoder {
  const type = avro.Type.forSchema(schema, { wrapUnions: false });
  return ({ row, defect }) => (defect === 'garbage' ? GARBAGE : type.toBuffer(row));
}
