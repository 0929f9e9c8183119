import type { FeatureGroup } from '../definitions/definition.ts';
import { StateError } from './state-error.ts';
import type { TaskId, TaskProgress } from './state-store.ts';

/**
 * Throws a StateError unless the state of `task` was made by the very definition that wants to go on with it:
 * states of another definition would give values that no replay gives.
 */
export function requireFingerprint(task: TaskId, progress: TaskProgress, group: FeatureGroup): void {
  if (progress.fingerprint === group.fingerprint) return;
  throw new StateError(
    `the definition of ${task.group} version ${task.version} has changed since its state was made ` +
      `(${task.topic}, partition ${task.partition}, up to offset ${progress.nextOffset})`,
    {
      code: 'STATE_OF_OTHER_DEFINITION',
      remedy:
        `Raise the version of ${task.group}, so that the new definition gets rows and state of its own; or undo ` +
        'the change; or give the worker another state directory and --app, to start over.',
    },
  );
}
