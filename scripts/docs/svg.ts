/** Pictures as text, in SVG. */

type Attributes = Readonly<Record<string, string | number>>;

/** An element; children are SVG already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeText(attribute(value))}"`);
  const open = `<${name}${given.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

/** A line of text; `anchor` says which part of it stands at x. */
export function label(
  x: number,
  y: number,
  text: string,
  look = '',
  anchor: 'start' | 'middle' | 'end' = 'middle',
): string {
  const attributes = { x, y, 'text-anchor': anchor, ...(look === '' ? {} : { class: look }) };
  return element('text', attributes, escapeText(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, look: string): string {
  return element('path', { d: `M${rounded(x1)} ${rounded(y1)}L${rounded(x2)} ${rounded(y2)}`, class: look });
}

export interface Picture {
  readonly title: string;
  /** What the picture shows, in words. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly string[];
}

/** The text of the file. The picture brings its own background, as a reader's page may be light or dark. */
export function document({ title, description, width, height, shapes }: Picture): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${rounded(width)} ${rounded(height)}`,
    role: 'img',
    'aria-labelledby': 'title description',
  };
  const parts = [
    element('title', { id: 'title' }, escapeText(title)),
    element('desc', { id: 'description' }, escapeText(description)),
    `<style>${STYLE}</style>`,
    element('rect', { width, height, rx: 8, class: 'background' }),
    ...shapes,
  ];
  return `${element('svg', root, '\n', ...parts.map((part) => `${part}\n`))}\n`;
}

const LIGHT = {
  background: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  rule: '#d1d9e0',
  early: '#0969da',
  'on-time': '#1a7f37',
  late: '#bc4c00',
  gone: '#cf222e',
};
const DARK: typeof LIGHT = {
  background: '#0d1117',
  ink: '#e6edf3',
  muted: '#9198a1',
  rule: '#3d444d',
  early: '#4493f8',
  'on-time': '#3fb950',
  late: '#db8b3c',
  gone: '#f85149',
};

const STYLE = `
text{font:12px system-ui,sans-serif;fill:var(--ink)}
.small{font-size:10.5px}.strong{font-weight:600}.muted{fill:var(--muted)}
.early{fill:var(--early)}.on-time{fill:var(--on-time)}.late,.partly-late{fill:var(--late)}.dropped,.deleted{fill:var(--gone)}
.background{fill:var(--background)}
.pane,.grid,.watermark,.final{fill:none;stroke:var(--rule)}.grid{stroke:var(--muted)}
.pane{stroke-dasharray:2 3}
.watermark{stroke:var(--ink);stroke-width:2}.final{stroke:var(--gone);stroke-width:1.5;stroke-dasharray:5 3}
.bar{fill:var(--early);fill-opacity:.16;stroke:var(--early)}.bar.nothing{fill-opacity:0;stroke-dasharray:4 3}
.dot{stroke:var(--background)}.in-time{fill:var(--ink)}.other{fill:var(--muted);fill-opacity:.5}
.open-window{fill:var(--early);fill-opacity:.1}.closed-window{fill:var(--late);fill-opacity:.14}
.mark{stroke:none}.on-mark{fill:var(--background);font-weight:600}
.session{stroke-width:1}.same-row{fill:none;stroke:var(--muted)}.deleted-row{fill:none;stroke:var(--gone);stroke-dasharray:4 3}
.early-row{fill:var(--early);stroke:var(--early);fill-opacity:.16}.on-time-row{fill:var(--on-time);stroke:var(--on-time);fill-opacity:.16}.late-row{fill:var(--late);stroke:var(--late);fill-opacity:.16}
.column{fill:var(--early);fill-opacity:.55}
:root{${variables(LIGHT)}}
@media(prefers-color-scheme:dark){:root{${variables(DARK)}}}
`;

function variables(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
}

/** Numbers to a tenth of a pixel, so that files stay short. */
function attribute(value: string | number): string {
  return typeof value === 'number' ? String(rounded(value)) : value;
}

export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
