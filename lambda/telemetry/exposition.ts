const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
const MAX_LABEL = 80;

/** `name="value"`; what clients name is cut. */
export function label(name: string, value = '-'): string {
  const cut = value.length > MAX_LABEL ? value.slice(0, MAX_LABEL) : value;
  return `${name}="${/[\\"\n]/.test(cut) ? cut.replace(/[\\"\n]/g, (sign) => ESCAPES[sign] ?? '') : cut}"`;
}

/** A counter with its series, as OpenMetrics writes it. */
export function seriesOf(name: string, help: string, series: ReadonlyMap<string, number>): string {
  const lines = [...series].map(([labels, value]) => `${name}_total{${labels}} ${value}\n`);
  return `# TYPE ${name} counter\n# HELP ${name} ${help}\n${lines.join('')}`;
}
