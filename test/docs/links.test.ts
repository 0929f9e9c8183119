import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DOCS } from '../../scripts/docs/generated-files.ts';

const ROOT = new URL('../', DOCS);
const pages = [
  ...['README.md', 'ARCHITECTURE.md'].map((name) => new URL(name, ROOT)),
  ...readdirSync(DOCS)
    .filter((name) => name.endsWith('.md'))
    .map((name) => new URL(name, DOCS)),
];

const links = pages.flatMap((page) =>
  Array.from(withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => ({ page, link: link! }))
    .filter(({ link }) => !/^https?:/.test(link))
    .map(({ page, link }) => [page.pathname.slice(ROOT.pathname.length), link, new URL(link, page)] as const),
);

it.each(links)('%s links to %s, which is there', (_, link, target) => {
  expect(existsSync(target)).toBe(true);
  if (target.hash !== '') expect(anchorsOf(target)).toContain(target.hash.slice(1));
  expect(link.startsWith('/')).toBe(false);
});

function withoutCode(page: URL): string {
  return readFileSync(page, 'utf8').replaceAll(/^```.*?^```$/gms, '');
}

/** The headings of a page as GitHub names them. */
function anchorsOf(page: URL): string[] {
  return Array.from(withoutCode(page).matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
