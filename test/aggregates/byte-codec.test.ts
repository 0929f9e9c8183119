import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/aggregates/byte-codec.ts';

const wholeText = fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed());
const item = fc.oneof(
  fc.record({ kind: fc.constant('unsigned' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('signed' as const), value: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant('double' as const), value: fc.double() }),
  fc.record({ kind: fc.constant('text' as const), value: wholeText }),
  fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
  fc.record({
    kind: fc.constant('scalar' as const),
    value: fc.oneof(fc.boolean(), fc.double({ noNaN: true }), fc.maxSafeInteger(), wholeText),
  }),
);

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const out = new ByteWriter();
      for (const { kind, value } of items) (out[kind] as (value: unknown) => void).call(out, value);
      const from = new ByteReader(out.take());
      for (const { kind, value } of items) {
        const read = from[kind]();
        // A scalar −0 is 0: no value of a record is −0.
        if (kind === 'scalar' && value === 0) expect(read).toBe(0);
        else expect(read).toBe(value);
      }
      expect(from.done).toBe(true);
    }),
  );
});

test('bytes that end too early are no state', () => {
  const out = new ByteWriter();
  out.text('a card');
  const bytes = out.take();
  expect(() => new ByteReader(bytes.subarray(0, bytes.length - 1)).text()).toThrow('state ends too early');
});

test('a writer that was taken from starts empty', () => {
  const out = new ByteWriter();
  out.text('x'.repeat(10_000));
  out.take();
  out.byte(7);
  expect([...out.take()]).toEqual([7]);
});
