import { kafkajsModule, once } from './kafkajs-internals.ts';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * After every answer kafkajs 2.2.4 sets a timer to look for requests that wait for the end of a throttling. With
 * none waiting, its delay is negative (of which Node 24 warns, kafkajs issue 1751), which means 1 ms, and when
 * it fires it is set again: each connection wakes up a thousand times a second for nothing. A timer is needed
 * only while a request waits.
 */
export const mendRequestQueue = once(() => {
  const { prototype } = kafkajsModule<{ prototype: RequestQueue }>('network/requestQueue/index.js');
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenNeeded(this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
});
