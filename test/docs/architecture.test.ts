import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const text = readFileSync(new URL('ARCHITECTURE.md', ROOT), 'utf8');
const files = filesBelow('src');
const folders = [...new Set(files.map(folderOf))].filter((folder) => !folder.endsWith('.ts'));

/** Files below a folder of the repository, by their paths. */
function filesBelow(folder: string): string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((path) => statSync(new URL(path, ROOT)).isFile());
}

function folderOf(path: string): string {
  return path.split('/')[1]!;
}

describe('ARCHITECTURE.md', () => {
  const named = [...text.matchAll(/`([\w./-]+\.(?:ts|js))`/g)].map(([, name]) => name!);

  it.each([...new Set(named)])('names %s, which is one file', (name) => {
    const found = name.includes('/')
      ? [...files, ...filesBelow('bin')].filter((path) => path === name)
      : files.filter((path) => basename(path) === name);
    expect(found).toHaveLength(1);
  });

  it.each(folders)('leads into src/%s', (folder) => {
    const leads = files.filter((path) => folderOf(path) === folder);
    expect(leads.some((path) => named.includes(path) || named.includes(basename(path)))).toBe(true);
  });

  it('says which way imports point', () => {
    const [, order] = /Imports point one way: (.*?)\. /.exec(text)!;
    const layers = order!.split(' ← ').map((layer) => layer.replaceAll(/[()]/g, '').split(', '));
    const levelOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));
    const wrong = files.flatMap((path) => {
      const level = levelOf(folderOf(path));
      const imports = readFileSync(new URL(path, ROOT), 'utf8').matchAll(/from '\.\.\/([\w-]+)\//g);
      return Array.from(imports, ([, folder]) => folder!)
        .filter((folder) => level >= 0 && levelOf(folder) >= level)
        .map((folder) => `${path} imports from ${folder}`);
    });
    expect(layers.length).toBeGreaterThan(4);
    expect(wrong).toEqual([]);
  });
});
