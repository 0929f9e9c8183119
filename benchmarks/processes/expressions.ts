import type { Row } from '../../src/definitions/definition.ts';
import { compile } from '../../src/definitions/expression-runtime.ts';
import { generateTransactions, TRANSACTION_DEFAULTS } from '../../src/demo/transactions.ts';
import { loadLambdas } from '../lambdas.ts';
import { parameters, tell } from './parameters.ts';

/** Evaluates one lambda over rows: as it was compiled, or (`native`) as JavaScript itself runs it. */
const { name, native, calls } = parameters<{ name: string; native: boolean; calls: number }>();
const ROWS = 10_000;

const { expression, closure } = (await loadLambdas()).get(name)!;
const run = native ? closure : compile(expression);
const rows: Row[] = [];
for (const { row } of generateTransactions({ ...TRANSACTION_DEFAULTS, count: ROWS })) rows.push(row as never);

let sink = 0;
function evaluate(count: number): void {
  for (let i = 0; i < count; i++) if (run(rows[i % ROWS]!) !== null) sink++;
}
evaluate(Math.min(calls, 200_000));
const cpu = process.cpuUsage();
const start = performance.now();
evaluate(calls);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
tell({ perSecond: calls / seconds, cpuNs: ((user + system) * 1000) / calls, sink });
