import { expect, test } from 'vitest';
import { requireFingerprint } from '../../src/state/fingerprint.ts';
import { StateError } from '../../src/state/state-error.ts';
import { groupOf } from '../sinks/offline-model.ts';
import { progressAt, taskOf } from './state-store-contract.ts';

const group = groupOf({ card_id: 'string' }, { n: 'integer' });

test('a state goes on under the definition that made it', () => {
  requireFingerprint(taskOf(), progressAt(1, { fingerprint: group.fingerprint }), group);
});

test('a state of another definition is refused, with what to do', () => {
  const attempt = () => requireFingerprint(taskOf(), progressAt(9, { fingerprint: 'other' }), group);
  expect(attempt).toThrow(StateError);
  expect(attempt).toThrow(
    expect.objectContaining({
      code: 'STATE_OF_OTHER_DEFINITION',
      message: expect.stringContaining('card_risk version 1'),
      remedy: expect.stringContaining('Raise the version of card_risk'),
    }),
  );
});
