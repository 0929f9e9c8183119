import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { mendConnection } from '../../src/sources/kafka-connection.ts';
import { kafkajsModule } from '../../src/sources/kafkajs-internals.ts';

const Connection =
  kafkajsModule<new (options: object) => { connect(): Promise<boolean>; disconnect(): Promise<boolean> }>(
    'network/connection.js',
  );
const createSocketFactory = kafkajsModule<() => (of: object) => object>('network/socketFactory.js');

test('requests that find a connection closed at the same time open one socket', async () => {
  mendConnection();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = createSocketFactory();
  let sockets = 0;
  const socketFactory = (of: object) => {
    sockets++;
    return open(of);
  };
  const silent = { debug() {}, error() {} };
  const connection = new Connection({
    ...{ host: '127.0.0.1', port, socketFactory, requestTimeout: 1000, connectionTimeout: 10_000 },
    logger: { namespace: () => silent },
  });
  try {
    const connected = Promise.all([connection.connect(), connection.connect(), connection.connect()]);
    await expect(connected).resolves.toEqual([true, true, true]);
    expect(sockets).toBe(1);
    await connection.disconnect();
    await connection.connect();
    expect(sockets).toBe(2);
    await connection.disconnect();
    server.close();
    await expect(connection.connect()).rejects.toThrow('ECONNREFUSED');
    await expect(connection.connect()).rejects.toThrow('ECONNREFUSED');
    expect(sockets).toBe(4);
  } finally {
    await connection.disconnect();
    server.close();
  }
});
