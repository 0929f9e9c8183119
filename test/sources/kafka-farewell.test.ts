import type { Broker } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { createKafkaClient, type Log } from '../../src/sources/kafka-client.ts';
import { leaveFor, sayFarewell } from '../../src/sources/kafka-farewell.ts';

const MEMBER = { groupId: 'risk', memberId: 'm-1' };

/** A cluster whose coordinator answers the requests to leave one after the other: null is yes. */
function aCluster(answers: readonly (object | null)[]) {
  const left: object[] = [];
  const coordinator = {
    leaveGroup: async (member: object) => {
      const answer = answers[left.length]!;
      left.push(member);
      if (answer !== null) throw answer;
    },
  };
  return { left, findGroupCoordinator: async () => coordinator as unknown as Broker };
}

describe('leaving a group for a member that is no more', () => {
  const loading = { type: 'GROUP_LOAD_IN_PROGRESS', retriable: true };

  test('is one request', async () => {
    const cluster = aCluster([null]);
    await leaveFor(MEMBER, cluster);
    expect(cluster.left).toEqual([MEMBER]);
  });

  test('is done when the group knows of no such member', async () => {
    const cluster = aCluster([{ type: 'UNKNOWN_MEMBER_ID', retriable: false }]);
    await leaveFor(MEMBER, cluster);
    expect(cluster.left).toEqual([MEMBER]);
  });

  test('is tried again while the coordinator is not ready, some times', async () => {
    const cluster = aCluster([loading, loading, null]);
    await leaveFor(MEMBER, cluster);
    expect(cluster.left).toHaveLength(3);
    const never = aCluster(Array(9).fill(loading));
    await expect(leaveFor(MEMBER, never)).rejects.toBe(loading);
    expect(never.left).toHaveLength(5);
  });

  test('fails at once where trying again is in vain', async () => {
    const refusal = { type: 'GROUP_AUTHORIZATION_FAILED', retriable: false };
    const cluster = aCluster([refusal, null]);
    await expect(leaveFor(MEMBER, cluster)).rejects.toBe(refusal);
    expect(cluster.left).toHaveLength(1);
  });
});

test('a farewell that the brokers do not hear is a line in the log', async () => {
  const lines: [string, object][] = [];
  const line = (level: string) => (fields: object) => void lines.push([level, fields]);
  const log: Log = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') };
  const nowhere = createKafkaClient({ brokers: ['127.0.0.1:1'], ssl: null, sasl: null }, log);
  await sayFarewell(nowhere, { group: 'risk', member: 'm-1', fate: 'has died' }, log);
  expect(lines).toEqual([['warn', { member: 'm-1', reason: expect.stringContaining('127.0.0.1:1') }]]);
});
