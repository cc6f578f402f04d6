import { escapeUnprintable } from '../../audit/unprintable';

/** A piece of HTML. Only {@link html} makes one, so that no text becomes markup. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | false | readonly Part[];

/** HTML in which every value is escaped, unless it is HTML already. What hides or reorders text is spelled out. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + textOf(values[index - 1]) + string));
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(textOf).join('');
  return escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  const shown = text.split('\n').map(escapeUnprintable).join('\n');
  return shown.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
