/** Plots without a library: small, the same on every machine, readable on light and on dark. */

const WIDTH = 720;
const HEIGHT = 420;
const AREA = { left: 64, top: 40, right: 700, bottom: 360 };
const COLOURS = ['#0969da', '#cf222e', '#1a7f37', '#8250df', '#bf8700', '#57606a'];

export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Single points rather than a line. @default false */
  readonly dots?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly ticks: readonly number[];
  readonly logarithmic?: boolean;
  readonly text?: (value: number) => string;
}

/** Curves or points over two axes; each axis reaches from its first to its last tick. */
export function plot(title: string, x: Axis, y: Axis, curves: readonly Curve[]): string {
  const at = (axis: Axis, value: number, from: number, to: number) => {
    const scale = axis.logarithmic ? Math.log : (v: number) => v;
    const [low, high] = [axis.ticks[0]!, axis.ticks.at(-1)!];
    return from + ((scale(Math.min(high, Math.max(low, value))) - scale(low)) / (scale(high) - scale(low))) * (to - from);
  };
  const px = (value: number) => at(x, value, AREA.left, AREA.right).toFixed(1);
  const py = (value: number) => at(y, value, AREA.bottom, AREA.top).toFixed(1);
  const parts = [
    ...x.ticks.map((tick) => `<path class="grid" d="M${px(tick)} ${AREA.top}V${AREA.bottom}"/>${label(px(tick), AREA.bottom + 18, (x.text ?? String)(tick), 'middle')}`),
    ...y.ticks.map((tick) => `<path class="grid" d="M${AREA.left} ${py(tick)}H${AREA.right}"/>${label(AREA.left - 8, Number(py(tick)) + 4, (y.text ?? String)(tick), 'end')}`),
    label((AREA.left + AREA.right) / 2, AREA.bottom + 40, x.label, 'middle'),
    label(AREA.left - 44, AREA.top - 14, y.label, 'start'),
    ...curves.map(({ points, dots }, i) =>
      dots
        ? points.map(([a, b]) => `<circle cx="${px(a)}" cy="${py(b)}" r="5" fill="${COLOURS[i % COLOURS.length]}"/>`).join('')
        : `<path class="curve" stroke="${COLOURS[i % COLOURS.length]}" d="M${points.map(([a, b]) => `${px(a)} ${py(b)}`).join('L')}"/>`,
    ),
    ...curves.map(({ name }, i) => {
      const top = AREA.bottom - 14 - 18 * (curves.length - 1 - i);
      return `<rect x="${AREA.right - 250}" y="${top - 9}" width="10" height="10" fill="${COLOURS[i % COLOURS.length]}"/>${label(AREA.right - 234, top, name, 'start')}`;
    }),
  ];
  return document(title, HEIGHT, parts);
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Shares from 0 to 1 with their intervals, one under the other. */
export function bars(title: string, rows: readonly Bar[]): string {
  const [left, right, top, step] = [250, 620, 52, 26];
  const px = (value: number) => (left + value * (right - left)).toFixed(1);
  const parts = rows.map(({ name, value, low, high }, i) => {
    const y = top + i * step;
    return [
      label(left - 10, y + 5, name, 'end'),
      `<rect x="${left}" y="${y - 6}" width="${(Number(px(value)) - left).toFixed(1)}" height="12" fill="${COLOURS[0]}" opacity=".75"/>`,
      `<path class="interval" d="M${px(low)} ${y}H${px(high)}M${px(low)} ${y - 4}v8M${px(high)} ${y - 4}v8"/>`,
      label(right + 12, y + 5, `${(value * 100).toFixed(0)} %`, 'start'),
    ].join('');
  });
  return document(title, top + rows.length * step + 10, parts);
}

function label(x: number | string, y: number | string, text: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

function document(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.grid{stroke:#8884;fill:none}.curve{fill:none;stroke-width:2}.interval{stroke:#1f2328;fill:none}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.interval{stroke:#e6edf3}}</style>',
    `<text class="title" x="20" y="22">${title}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}
