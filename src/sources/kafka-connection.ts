import { kafkajsModule, once } from './kafkajs-internals.ts';

interface Connection {
  connect(): Promise<boolean>;
}

/**
 * In kafkajs 2.2.4 each request that finds the connection for fetches closed opens a socket of its own. The connection
 * knows the last one only, and takes itself for connected when any of them is: after a broker was away it may write
 * into a dead socket for ever, each fetch in vain. So an attempt to connect is shared by all who wait for it.
 */
export const mendConnection = once(() => {
  const { prototype } = kafkajsModule<{ prototype: Connection }>('network/connection.js');
  const { connect } = prototype;
  const attempts = new WeakMap<Connection, Promise<boolean>>();
  prototype.connect = function connectOnce(this: Connection): Promise<boolean> {
    let attempt = attempts.get(this);
    if (attempt === undefined) {
      attempt = connect.call(this).finally(() => attempts.delete(this));
      attempts.set(this, attempt);
    }
    return attempt;
  };
});
