import { TidemarkError } from '../errors.ts';

/** Local state cannot be opened, belongs to something else, or cannot be written. */
export class StateError extends TidemarkError {}
