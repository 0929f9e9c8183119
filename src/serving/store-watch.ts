import type { TidemarkError } from '../errors.ts';

/** Says once that the online store does not answer, and once that it does again, however many requests fail between. */
export class StoreWatch {
  readonly #log: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
  #code: string | null = null;

  constructor(log: { warn(fields: object, text: string): void; info(fields: object, text: string): void }) {
    this.#log = log;
  }

  failed({ code, message, remedy }: TidemarkError): void {
    if (this.#code === code) return;
    this.#code = code;
    this.#log.warn({ code, remedy }, `${message}; requests are answered with 503`);
  }

  answered(): void {
    if (this.#code === null) return;
    this.#code = null;
    this.#log.info({}, 'the online store answers again');
  }
}
