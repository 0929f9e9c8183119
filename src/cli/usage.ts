import { type Place, TidemarkError } from '../errors.ts';

/** Wrong use of the command line or of its settings: the command did nothing and ends with exit status 2. */
export class UsageError extends TidemarkError {
  constructor(message: string, remedy: string, place?: Place) {
    super(message, { code: 'USAGE', remedy, exitCode: 2, ...(place === undefined ? {} : { place }) });
  }
}
