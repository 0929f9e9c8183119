import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KafkaMember, memberFileIn, memberOfProcess } from '../../src/sources/kafka-member.ts';
import { aDirectory } from './temporary.ts';

/** What a reader's file says of it to those who come after. */

test('a reader is known to its successor, and by its process, until somebody has left for it', () => {
  const file = memberFileIn(aDirectory());
  const reader = new KafkaMember('risk', file);
  expect(reader.id).toBeNull();
  reader.joined('m-1');
  reader.joined('m-2');
  const successor = new KafkaMember('risk', file);
  expect([reader.id, successor.id, memberOfProcess(process.pid, 'risk', file)]).toEqual([
    'm-2',
    'm-2',
    'm-2',
  ]);
  successor.left();
  expect([successor.id, memberOfProcess(process.pid, 'risk', file)]).toEqual([null, null]);
  expect(new KafkaMember('risk', file).id).toBeNull();
});

test('a member that was written by another process, or is of another group, is nobody', () => {
  const file = memberFileIn(aDirectory());
  new KafkaMember('risk', file).joined('m-1');
  expect(memberOfProcess(process.pid + 1, 'risk', file)).toBeNull();
  expect(memberOfProcess(process.pid, 'other', file)).toBeNull();
  expect(new KafkaMember('other', file).id).toBeNull();
});

test.each(['', '{"gro', 'null', '{"group":"risk","member":7,"pid":1}', '{"group":"risk","member":"m-1"}'])(
  'a file that holds %j is as good as none',
  (text) => {
    const file = memberFileIn(aDirectory());
    writeFileSync(file, text);
    expect(new KafkaMember('risk', file).id).toBeNull();
  },
);

test('a reader that cannot keep its file goes on without', () => {
  const reader = new KafkaMember('risk', memberFileIn('/nowhere'));
  reader.joined('m-1');
  expect(reader.id).toBe('m-1');
});
