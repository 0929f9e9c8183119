import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainEnvironment, TIDEMARK, tidemark } from '../cli/command-line.ts';
import { ServedCards } from './served-cards.ts';

test('a difference comes with a command for the shell that shows it by itself', async () => {
  const cards = await ServedCards.make();
  const [first] = readdirSync(cards.file('served')).sort();
  const file = join(cards.file('served'), first!);
  const text = readFileSync(file, 'utf8');
  const edited = text.replace(/"n_1h":\d+/, '"n_1h":4711');
  writeFileSync(file, edited);
  const line = edited.slice(0, edited.indexOf('4711')).split('\n').length;

  const args = ['prove', 'definitions.ts', '--served', 'served', '--from', 'archive'];
  const all = await tidemark([...args, '--json'], { cwd: cards.path });
  expect({ exitCode: all.exitCode, stderr: all.stderr }).toEqual({ exitCode: 1, stderr: '' });
  const [difference] = JSON.parse(all.stdout).differences;
  expect(difference).toMatchObject({ file, line, differing: ['n_1h'], served: { values: { n_1h: 4711 } } });

  const shell = `tidemark() { '${process.execPath}' '${TIDEMARK}' "$@"; }; ${difference.command}`;
  const alone = spawnSync('sh', ['-c', shell], { cwd: '/', env: plainEnvironment(), encoding: 'utf8' });
  expect(alone.status).toBe(1);
  expect(alone.stdout).toContain(`${file}:${line}\ncards:1 card_id=`);
  expect(alone.stdout).toMatch(new RegExp(`^n_1h +4711 +${difference.replayed.values.n_1h}$`, 'm'));
});
