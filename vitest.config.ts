import { defineConfig } from 'vitest/config';

const WITH_SERVICES = ['test/integration/**/*.test.ts', 'test/chaos/**/*.test.ts'];

/** Tests of the project `integration` share a real Kafka and a real Redis; those of `unit` need nothing. */
export default defineConfig({
  resolve: { alias: { tidemark: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    // Most of the time of a test with services is waiting: for a session to end, for a broker to start.
    maxWorkers: 3,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    typecheck: { enabled: false },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: WITH_SERVICES } },
      {
        extends: true,
        test: { name: 'integration', include: WITH_SERVICES, globalSetup: 'test/services/global-setup.ts' },
      },
    ],
  },
});
