import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/aggregates/byte-codec.ts';
import { DueEntities, DueList } from '../../src/operators/due-entities.ts';

const entity = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.maxSafeInteger(), fc.boolean());
type Entity = string | number | boolean;

function bytesOf(value: Entity): Buffer {
  const writer = new ByteWriter();
  writer.scalar(value);
  return Buffer.from(writer.take());
}

function listOf(entities: readonly Entity[]): Uint8Array {
  const list = new DueList();
  for (const each of entities) list.add((out) => out.scalar(each));
  return list.encode();
}

function told(due: DueEntities, most = Number.POSITIVE_INFINITY): Entity[] {
  const entities: Entity[] = [];
  while (!due.done && entities.length < most) entities.push(due.next()[0] as Entity);
  return entities;
}

function open(lists: readonly Uint8Array[], after = ''): DueEntities {
  return new DueEntities(lists, (from) => [from.scalar()], after);
}

function inOrder(lists: readonly (readonly Entity[])[]): Entity[] {
  const distinct = new Map(lists.flat().map((each) => [bytesOf(each).toString('hex'), each]));
  return [...distinct.values()].sort((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
}

describe('the entities that are due', () => {
  it('are those of all lists, in the order of their bytes, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entity)), (lists) => {
        expect(told(open(lists.map(listOf)))).toEqual(inOrder(lists));
      }),
    );
  });

  it('go on behind the last one that was told, with the same lists or others that hold them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entity)), fc.nat(10), (lists, most) => {
        const first = open(lists.map(listOf));
        const before = told(first, most);
        const after = told(open([listOf(lists.flat())], first.last));
        expect([...before, ...after]).toEqual(inOrder(lists));
      }),
    );
  });

  it('are not read from a list of another format', () => {
    expect(() => open([Uint8Array.of(1, 0)])).toThrow('timers of format 1, this version reads 2');
  });
});
