import { Anchors } from '../../detection';

/** Markup that does something when it is shown. */
export interface MarkupSpan {
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

interface MarkupRule {
  readonly id: string;
  /** In small letters; a text without any of them, whatever the case, is not searched. */
  readonly anchors: readonly string[];
  readonly pattern: RegExp;
  /** Whether a match of the pattern is one; all are by default. */
  readonly counts?: (match: RegExpExecArray, allowed: readonly string[]) => boolean;
}

const RULES: readonly MarkupRule[] = [
  { id: 'image-beacon', anchors: ['!['], pattern: /!\[[^[\]\n]{0,300}\]\(\s{0,4}<?((?:https?:)?\/\/[^()\s>]{1,2000})>?(?:\s{1,4}["'][^"'()\n]{0,200}["'])?\s{0,4}\)/g, counts: ([, url], allowed) => carriesData(url!, allowed) },
  { id: 'image-beacon', anchors: ['<img'], pattern: /<img\b([^<>]{0,4000})>/gi, counts: ([, attributes], allowed) => carriesData(sourceOf(attributes!), allowed) },
  { id: 'link-with-data', anchors: ['](http'], pattern: /\[[^[\]\n]{0,300}\]\(\s{0,4}(https?:\/\/[^()\s]{1,2000})\s{0,4}\)/g, counts: ([, url], allowed) => carriesData(url!, allowed, 200) },
  { id: 'reference-image', anchors: ['!['], pattern: /!\[[^[\]\n]{0,300}\]\[[^[\]\n]{1,100}\]/g },
  { id: 'script-url', anchors: ['javascript:', 'vbscript:'], pattern: /\b(?:javascript|vbscript):[^\s"'<>)]{1,500}/gi },
  { id: 'data-url', anchors: ['data:text/', 'data:image/svg', 'data:application/'], pattern: /\bdata:(?:text\/html|image\/svg\+xml|application\/(?:xhtml\+xml|javascript)|text\/javascript)[;,][^\s"'<>)]{0,4000}/gi },
  { id: 'script', anchors: ['<script'], pattern: /<script\b[^>]{0,600}>[^<]{0,20000}(?:<(?!\/script)[^<]{0,2000}){0,40}(?:<\/script\s{0,4}>)?/gi },
  { id: 'event-handler', anchors: [' onerror', ' onload', ' onclick', ' onmouseover', ' onmouseenter', ' onfocus', ' ontoggle', ' onbegin', ' onanimationstart', ' onpointerover'], pattern: /\son(?:error|load|click|mouseover|mouseenter|focus|toggle|begin|animationstart|pointerover)\s{0,4}=\s{0,4}(?:"[^"]{0,1000}"|'[^']{0,1000}'|[^\s>]{1,500})/gi, counts: isInTag },
  { id: 'embedded-page', anchors: ['<iframe', '<object', '<embed', '<base', '<meta', '<form'], pattern: /<(?:iframe|object|embed|base)\b[^<>]{0,1000}>|<meta\b[^<>]{0,200}http-equiv\s{0,4}=\s{0,4}["']?refresh[^<>]{0,600}>|<form\b[^<>]{0,400}\baction\s{0,4}=\s{0,4}["']?https?:[^<>]{0,600}>/gi },
  { id: 'app-resource', anchors: ['ui://'], pattern: /\bui:\/\/[^\s"'<>)]{1,500}/g },
];

/** Made when it is first needed. */
let anchors: Anchors | undefined;

/** Markup in `text` that loads, runs or carries data out. A query or path long enough to carry data counts, unless its host is allowed. */
export function activeMarkup(text: string, allowedHosts: readonly string[] = []): readonly MarkupSpan[] {
  const hasMarkup = text.includes('<') || text.includes('](') || text.includes(':') || text.includes('![');
  if (!hasMarkup) return [];
  anchors ??= new Anchors(RULES.flatMap((rule) => rule.anchors));
  const present = anchors.foundIn(text);
  const found: MarkupSpan[] = [];
  let at = 0;
  for (const { id, anchors: own, pattern, counts } of RULES) {
    const from = at;
    at += own.length;
    if (!present.subarray(from, at).includes(1)) continue;
    for (const match of text.matchAll(pattern)) {
      if (counts?.(match, allowedHosts) ?? true) found.push({ id, start: match.index, end: match.index + match[0].length });
    }
  }
  return found;
}

/** Behind the beginning of a tag that has not ended. */
function isInTag({ input, index }: RegExpExecArray): boolean {
  const before = input.slice(Math.max(0, index - 600), index);
  const tag = before.lastIndexOf('<');
  return tag !== -1 && /[a-z]/i.test(before[tag + 1] ?? '') && before.indexOf('>', tag) === -1;
}

/** Where an image comes from, when it is from another machine. */
function sourceOf(attributes: string): string {
  return /\bsrc\s{0,4}=\s{0,4}["']?((?:https?:)?\/\/[^"'\s]{1,4000})/i.exec(attributes)?.[1] ?? '';
}

/** How much of a URL may vary before it can carry what was read. */
const LONG = 24;

function carriesData(url: string, allowed: readonly string[], longest = LONG): boolean {
  if (url === '') return false;
  const absolute = url.startsWith('//') ? `https:${url}` : url;
  if (!URL.canParse(absolute)) return true;
  const { hostname, search, hash, pathname } = new URL(absolute);
  if (allowed.some((host) => hostname === host || (host.startsWith('*.') && hostname.endsWith(host.slice(1))))) return false;
  if (/%5b|%7b|[[\]{}$]/i.test(search + pathname)) return true;
  return search.length + hash.length > longest || pathname.split('/').some((segment) => segment.length > 2 * longest && /^[A-Za-z0-9_=-]+$/.test(segment)) || hostname.split('.').some((label) => label.length > 40);
}
