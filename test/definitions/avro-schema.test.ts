import avro from 'avsc';
import { describe, expect, it } from 'vitest';
import { avroSchemaOf } from '../../src/definitions/avro-schema.ts';
import { defineSource, field } from '../../src/index.ts';

describe('the Avro schema of a source', () => {
  const source = defineSource({
    name: 'card-transactions',
    schema: {
      id: field.string,
      count: field.int,
      amount: field.long,
      rate: field.nullable(field.float),
      price: field.double,
      ok: field.boolean,
      photo: field.bytes,
      status: field.enum('settled', 'failed'),
      answer: field.enum('yes', 'not at all'),
      mood: field.nullable(field.enum('good', 'bad')),
      at: field.timestampMillis,
      sent: field.timestampMicros,
      local: field.localDateTime,
    },
    eventTime: { field: 'at' },
  });

  it('has a field of the same name and order for each declared one', () => {
    expect(avroSchemaOf(source)).toEqual({
      type: 'record',
      name: 'card_transactions',
      fields: [
        { name: 'id', type: 'string' },
        { name: 'count', type: 'int' },
        { name: 'amount', type: 'long' },
        { name: 'rate', type: ['null', 'float'], default: null },
        { name: 'price', type: 'double' },
        { name: 'ok', type: 'boolean' },
        { name: 'photo', type: 'bytes' },
        {
          name: 'status',
          type: { type: 'enum', name: 'card_transactions_status', symbols: ['settled', 'failed'] },
        },
        { name: 'answer', type: 'string' },
        {
          name: 'mood',
          type: ['null', { type: 'enum', name: 'card_transactions_mood', symbols: ['good', 'bad'] }],
          default: null,
        },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'sent', type: { type: 'long', logicalType: 'timestamp-micros' } },
        { name: 'local', type: 'string' },
      ],
    });
  });

  it('is one that Avro takes', () => {
    const type = avro.Type.forSchema(avroSchemaOf(source) as avro.Schema);
    expect(type.typeName).toBe('record');
  });
});
