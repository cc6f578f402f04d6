import { LRUCache } from 'lru-cache';
import { isJsonObject, type JsonObject, type JsonValue } from '../protocol';
import type { GuardFinding } from './finding';

/** A call whose arguments are about to be sent. */
export interface PurposeCall {
  readonly server: string;
  readonly tool: string;
  readonly toolArguments: JsonObject;
  readonly principalKey: string;
}

/** Says what of a call does not fit its purpose. Findings with the action `risk` raise the risk of what the principal does; they refuse nothing. */
export type PurposeCheck = (call: PurposeCall) => readonly GuardFinding[] | Promise<readonly GuardFinding[]>;

const MAX_TOOLS = 5_000;
/** Calls before a tool's history says anything. */
const ENOUGH = 20;
/** Shapes of one parameter that are remembered; a parameter of more is free text. */
const MAX_SHAPES = 64;
/** A number or a length this many times beyond what was seen is unusual. */
const FACTOR = 8;

interface Seen {
  readonly shapes: Set<string>;
  largest: number;
}

/**
 * Compares arguments with the tool's own history (IOV-7): a parameter that was never used before, a value of another shape,
 * a host or a folder that never occurred, a number or a text far larger than any. What one instance sees.
 */
export function createHistoryCheck(): PurposeCheck {
  const histories = new LRUCache<string, { calls: number; readonly parameters: Map<string, Seen> }>({ max: MAX_TOOLS });
  return ({ server, tool, toolArguments }) => {
    const key = `${server} ${tool}`;
    const history = histories.get(key) ?? { calls: 0, parameters: new Map<string, Seen>() };
    histories.set(key, history);
    const isKnown = history.calls >= ENOUGH;
    const found: GuardFinding[] = [];
    for (const { pointer, shape, size } of leaves(toolArguments, '')) {
      const seen = history.parameters.get(pointer);
      if (isKnown) {
        const id = seen === undefined ? 'new-parameter' : seen.shapes.size < MAX_SHAPES && !seen.shapes.has(shape) ? 'new-shape' : size > 64 && size > FACTOR * seen.largest ? 'unusual-size' : undefined;
        if (id !== undefined) found.push({ direction: 'in', category: 'purpose', id, action: 'risk', pointer, count: 1 });
      }
      if (seen === undefined) history.parameters.set(pointer, { shapes: new Set([shape]), largest: size });
      else {
        if (seen.shapes.size < MAX_SHAPES) seen.shapes.add(shape);
        seen.largest = Math.max(seen.largest, size);
      }
    }
    history.calls += 1;
    return found;
  };
}

const MAX_LEAVES = 200;

function leaves(value: JsonValue | undefined, pointer: string): readonly { readonly pointer: string; readonly shape: string; readonly size: number }[] {
  if (typeof value === 'string') return [{ pointer, shape: shapeOf(value), size: value.length }];
  if (typeof value === 'number') return [{ pointer, shape: 'number', size: Math.abs(value) }];
  if (Array.isArray(value)) return value.slice(0, MAX_LEAVES).flatMap((element) => leaves(element, `${pointer}/*`)).slice(0, MAX_LEAVES);
  if (isJsonObject(value)) return Object.entries(value).flatMap(([key, member]) => leaves(member, `${pointer}/${key}`)).slice(0, MAX_LEAVES);
  return [{ pointer, shape: typeof value, size: 0 }];
}

/** Where it leads, for what leads somewhere; otherwise of which characters it is. */
function shapeOf(text: string): string {
  const url = /^([a-z][a-z0-9+.-]{0,20}):\/\/([^/?#]{0,200})/i.exec(text);
  if (url) return `${url[1]!.toLowerCase()}://${url[2]!.toLowerCase()}`;
  const folder = /^(?:~|[A-Za-z]:)?(?:[/\\][^/\\]{0,80}){1,2}(?=[/\\])/.exec(text);
  if (folder) return `path ${folder[0]}`;
  const kinds = `${/[A-Za-z]/.test(text) ? 'a' : ''}${/\d/.test(text) ? '0' : ''}${/\s/.test(text) ? ' ' : ''}${/[;&|`$<>]/.test(text) ? '$' : ''}${/[^\x20-\x7e\s]/.test(text) ? 'u' : ''}`;
  return kinds;
}
