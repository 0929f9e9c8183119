import type { Value } from '../definitions/definition.ts';
import { isVectorValue } from '../definitions/value.ts';
import type { OnlineAnswer } from './online-reader.ts';

/** An answer as HTTP gives it: `answerSchema` in http-schemas.ts describes it. */
export function answerJson(answer: OnlineAnswer): object {
  return {
    group: answer.group,
    group_version: answer.groupVersion,
    entity: objectJson(answer.entity),
    window_end: answer.windowEnd,
    version: answer.version,
    known_at: answer.knownAt,
    leave: answer.leave,
    due_to_fall: answer.dueToFall,
    features: objectJson(answer.values),
  };
}

function objectJson(values: Readonly<Record<string, Value | null>>): object {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueJson(value)]));
}

function valueJson(value: Value | null): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value !== null && isVectorValue(value) && value instanceof Map ? Object.fromEntries(value) : value;
}
