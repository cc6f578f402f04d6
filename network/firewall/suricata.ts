import { parseCidr, type AddressRange } from '../address';
import { protocolNumber } from '../model/protocol';

/** A rule of the stateful engine, in the terms that decide whether it matches. */
export interface StatefulRule {
  readonly action: 'pass' | 'drop' | 'reject' | 'alert';
  readonly protocol: string;
  readonly source: AddressSet;
  readonly sourcePorts: PortSet;
  readonly destination: AddressSet;
  readonly destinationPorts: PortSet;
  readonly bidirectional: boolean;
  readonly conditions: readonly Condition[];
  /** Keywords that are not modelled. A rule that passes counts as matching then, one that drops as not matching. */
  readonly unknownKeywords: readonly string[];
  readonly text: string;
}

export type Condition =
  /** `flow:established` or `flow:not_established`. */
  | { readonly kind: 'established'; readonly value: boolean }
  | { readonly kind: 'direction'; readonly toServer: boolean }
  | { readonly kind: 'application'; readonly protocol: string; readonly negated: boolean }
  | { readonly kind: 'name'; readonly buffer: 'tls' | 'http' | 'dns' | 'quic'; readonly match: NameMatch; readonly negated: boolean }
  | { readonly kind: 'ip-protocol'; readonly protocol: number; readonly negated: boolean };

export type NameMatch = { readonly kind: 'exact' | 'suffix' | 'prefix' | 'contains'; readonly text: string } | { readonly kind: 'pattern'; readonly pattern: RegExp };

export interface AddressSet {
  readonly any: boolean;
  readonly include: readonly AddressRange[];
  readonly exclude: readonly AddressRange[];
  /** Holds something that could not be read, and so perhaps every address. */
  readonly unknown: boolean;
}

export interface PortSet {
  readonly any: boolean;
  readonly include: readonly { readonly from: number; readonly to: number }[];
  readonly exclude: readonly { readonly from: number; readonly to: number }[];
}

/** What `$HOME_NET` and other variables stand for. */
export interface Variables {
  readonly addresses: ReadonlyMap<string, AddressSet>;
  readonly ports: ReadonlyMap<string, PortSet>;
}

export const ANY_ADDRESS: AddressSet = { any: true, include: [], exclude: [], unknown: false };
export const ANY_PORT: PortSet = { any: true, include: [], exclude: [] };

const HEADER = /^(pass|drop|reject|alert|rejectsrc|rejectdst|rejectboth)\s+(\S+)\s+(!?\[[^\]]*\]|\S+)\s+(!?\[[^\]]*\]|\S+)\s+(->|<>)\s+(!?\[[^\]]*\]|\S+)\s+(!?\[[^\]]*\]|\S+)\s*\((.*)\)\s*$/;

/** Reads rules, one a line, as `RulesString` holds them. A line that is no rule is returned as it is. */
export function parseRules(text: string, variables: Variables): { readonly rules: readonly StatefulRule[]; readonly unread: readonly string[] } {
  const rules: StatefulRule[] = [];
  const unread: string[] = [];
  for (const line of text.replace(/\\\n/g, ' ').split('\n').map((item) => item.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const rule = parseRule(line, variables);
    if (rule) rules.push(rule);
    else unread.push(line);
  }
  return { rules, unread };
}

export function parseRule(line: string, variables: Variables): StatefulRule | undefined {
  const [, action, protocol, source, sourcePorts, arrow, destination, destinationPorts, options] = HEADER.exec(line) ?? [];
  if (action === undefined) return undefined;
  return {
    action: action.startsWith('reject') ? 'reject' : (action as StatefulRule['action']),
    protocol: protocol!.toLowerCase(),
    source: parseAddresses(source!, variables),
    sourcePorts: parsePorts(sourcePorts!, variables),
    destination: parseAddresses(destination!, variables),
    destinationPorts: parsePorts(destinationPorts!, variables),
    bidirectional: arrow === '<>',
    ...parseOptions(splitOptions(options!)),
    text: line,
  };
}

/** Options end with a semicolon; one within quotes or after a backslash is text. */
export function splitOptions(text: string): readonly (readonly [string, string])[] {
  const options: [string, string][] = [];
  let current = '';
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\\') current += character + (text[++index] ?? '');
    else if (character === ';' && !quoted) {
      const colon = current.indexOf(':');
      const [name, value] = colon < 0 ? [current, ''] : [current.slice(0, colon), current.slice(colon + 1)];
      if (name.trim() !== '') options.push([name.trim().toLowerCase(), value.trim()]);
      current = '';
    } else {
      if (character === '"') quoted = !quoted;
      current += character;
    }
  }
  return options;
}

/** Keywords that say something about a rule and nothing about traffic. */
const DESCRIPTIVE = new Set(['msg', 'sid', 'rev', 'gid', 'classtype', 'priority', 'metadata', 'reference', 'noalert', 'alert', 'target', 'nocase', 'fast_pattern']);

const BUFFERS: Readonly<Record<string, 'tls' | 'http' | 'dns' | 'quic'>> = {
  'tls.sni': 'tls',
  tls_sni: 'tls',
  'http.host': 'http',
  http_host: 'http',
  'dns.query': 'dns',
  dns_query: 'dns',
  'quic.sni': 'quic',
};

function parseOptions(options: readonly (readonly [string, string])[]): Pick<StatefulRule, 'conditions' | 'unknownKeywords'> {
  const conditions: Condition[] = [];
  const unknownKeywords: string[] = [];
  let buffer: 'tls' | 'http' | 'dns' | 'quic' | undefined;
  let dotted = false;
  for (let index = 0; index < options.length; index++) {
    const [name, value] = options[index]!;
    if (DESCRIPTIVE.has(name)) continue;
    if (name in BUFFERS) {
      buffer = BUFFERS[name];
      dotted = false;
    } else if (name === 'dotprefix') dotted = true;
    else if (name === 'flow') conditions.push(...parseFlow(value, unknownKeywords));
    else if (name === 'app-layer-protocol') conditions.push({ kind: 'application', protocol: value.replace('!', '').trim(), negated: value.startsWith('!') });
    else if (name === 'ssl_state' && value === 'client_hello') conditions.push({ kind: 'application', protocol: 'tls', negated: false });
    else if (name === 'ip_proto') {
      const protocol = protocolNumber(value.replace('!', '').trim());
      if (protocol === 'any') unknownKeywords.push(name);
      else conditions.push({ kind: 'ip-protocol', protocol, negated: value.startsWith('!') });
    }
    else if (name === 'content' && buffer) {
      const modifiers = modifiersAfter(options, index);
      const negated = value.startsWith('!');
      const text = value.replace(/^!/, '').replace(/^"|"$/g, '').toLowerCase();
      const starts = modifiers.has('startswith');
      const ends = modifiers.has('endswith');
      const known = [...modifiers].every((modifier) => ['startswith', 'endswith', 'nocase', 'fast_pattern', 'bsize'].includes(modifier));
      if (!known) unknownKeywords.push(...modifiers);
      conditions.push({ kind: 'name', buffer, negated, match: { kind: starts && ends ? 'exact' : ends ? 'suffix' : starts ? 'prefix' : 'contains', text: dotted && !text.startsWith('.') ? `.${text}` : text } });
      index += modifiers.size;
    } else if (name === 'pcre' && buffer) {
      const pattern = readPattern(value);
      if (pattern) conditions.push({ kind: 'name', buffer, negated: value.startsWith('!'), match: { kind: 'pattern', pattern } });
      else unknownKeywords.push(name);
    } else unknownKeywords.push(name);
  }
  return { conditions, unknownKeywords };
}

function modifiersAfter(options: readonly (readonly [string, string])[], index: number): ReadonlySet<string> {
  const modifiers = new Set<string>();
  for (const [name] of options.slice(index + 1)) {
    if (!['startswith', 'endswith', 'nocase', 'fast_pattern', 'depth', 'offset', 'distance', 'within', 'bsize', 'isdataat'].includes(name)) break;
    modifiers.add(name);
  }
  return modifiers;
}

function parseFlow(value: string, unknownKeywords: string[]): readonly Condition[] {
  return value.split(',').flatMap((part): Condition[] => {
    switch (part.trim()) {
      case 'established':
        return [{ kind: 'established', value: true }];
      case 'not_established':
        return [{ kind: 'established', value: false }];
      case 'to_server':
      case 'from_client':
        return [{ kind: 'direction', toServer: true }];
      case 'to_client':
      case 'from_server':
        return [{ kind: 'direction', toServer: false }];
      default:
        unknownKeywords.push(`flow:${part.trim()}`);
        return [];
    }
  });
}

function readPattern(value: string): RegExp | undefined {
  const [, body, flags = ''] = /^!?"\/(.*)\/([a-zA-Z]*)"$/.exec(value) ?? [];
  // A pattern that could take long is as good as one that is not modelled.
  if (body === undefined || body.length > 200 || /\([^)]*[+*][^)]*\)[+*{]/.test(body)) return undefined;
  try {
    return new RegExp(body, flags.includes('i') ? 'i' : '');
  } catch {
    return undefined;
  }
}

export function parseAddresses(text: string, variables: Variables): AddressSet {
  const include: AddressRange[] = [];
  const exclude: AddressRange[] = [];
  let any = false;
  let unknown = false;
  let negatedOnly = true;
  for (const item of items(text)) {
    const negated = item.startsWith('!');
    const name = negated ? item.slice(1) : item;
    if (!negated) negatedOnly = false;
    const set = name === 'any' ? ANY_ADDRESS : /^[$@]/.test(name) ? variables.addresses.get(name.slice(1)) : rangeSet(name);
    if (!set || set.unknown) unknown = true;
    else if (negated) {
      // The complement of a complement of ranges is those ranges.
      if (set.any) include.push(...set.exclude);
      else exclude.push(...set.include);
    } else if (set.any) {
      any = true;
      exclude.push(...set.exclude);
    } else include.push(...set.include);
  }
  return { any: any || (negatedOnly && include.length === 0), include, exclude, unknown };
}

function rangeSet(text: string): AddressSet | undefined {
  const range = parseCidr(text);
  return range && { any: false, include: [range], exclude: [], unknown: false };
}

export function parsePorts(text: string, variables: Variables): PortSet {
  const include: { from: number; to: number }[] = [];
  const exclude: { from: number; to: number }[] = [];
  let any = false;
  let negatedOnly = true;
  for (const item of items(text)) {
    const negated = item.startsWith('!');
    const name = negated ? item.slice(1) : item;
    if (!negated) negatedOnly = false;
    if (name === 'any') any = true;
    else if (name.startsWith('$')) {
      const set = variables.ports.get(name.slice(1)) ?? ANY_PORT;
      if (set.any) any = true;
      (negated ? exclude : include).push(...set.include);
    } else {
      const [from = '', to = from] = name.split(':');
      (negated ? exclude : include).push({ from: Number(from || 0), to: to === '' ? 65_535 : Number(to) });
    }
  }
  return { any: any || (negatedOnly && exclude.length > 0), include, exclude };
}

/** The parts of a list; a list that is negated is one of negated parts. */
function items(text: string): readonly string[] {
  const negated = text.startsWith('![');
  return text
    .replace(/^!?\[|\]$/g, '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => (negated ? `!${item}` : item));
}
