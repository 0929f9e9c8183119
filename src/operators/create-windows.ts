import type { FeatureGroup } from '../definitions/definition.ts';
import type { EntityTimers } from './entity-timers.ts';
import type { Kernel } from './kernel.ts';
import { PaneWindows } from './pane-windows.ts';
import type { RevisionBatch } from './revision.ts';
import { SessionWindows } from './session-windows.ts';
import { WindowLayout } from './window-layout.ts';
import type { Windows, WindowsOwner } from './windows.ts';

/** The windows of a group's kind. */
export function createWindows(
  group: FeatureGroup,
  kernel: Kernel,
  out: RevisionBatch,
  timers: EntityTimers,
  owner: WindowsOwner,
): Windows {
  const emitEarly = group.emit === 'change';
  const { grid, allowedLatenessMs, maxEntityState } = group;
  const shared = { kernel, out, timers, emitEarly, allowedLatenessMs, maxEntityState, owner };
  if (grid.kind === 'session') return new SessionWindows({ grid, ...shared });
  return new PaneWindows({ layout: new WindowLayout(grid, group.features), ...shared });
}
