import type { FeatureGroup } from '../definitions/definition.ts';
import type { Kernel } from './kernel.ts';
import { PaneWindows } from './pane-windows.ts';
import type { RevisionBatch } from './revision.ts';
import { WindowLayout } from './window-layout.ts';
import type { Windows, WindowsOwner } from './windows.ts';

/** The windows of a group's kind. */
export function createWindows(
  group: FeatureGroup,
  kernel: Kernel,
  out: RevisionBatch,
  owner: WindowsOwner,
): Windows {
  const emitEarly = group.emit === 'change';
  const { grid, allowedLatenessMs } = group;
  if (grid.kind === 'session') throw new Error('session windows');
  const layout = new WindowLayout(grid, group.features);
  return new PaneWindows({ layout, kernel, out, emitEarly, allowedLatenessMs, owner });
}
