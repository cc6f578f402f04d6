import { isJsonObject, type JsonObject } from '../../protocol';

const SERVER_CAPABILITIES = ['tools', 'prompts', 'resources', 'completions', 'logging'] as const;
const CLIENT_CAPABILITIES = ['roots', 'sampling', 'elicitation'] as const;

function pick(source: unknown, keys: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  if (!isJsonObject(source)) return picked;
  for (const key of keys) if (isJsonObject(source[key])) picked[key] = source[key];
  return picked;
}

/** Only what the gateway understands and decides on passes: an extension would carry methods that nobody checks. */
export function knownServerCapabilities(capabilities: unknown): JsonObject {
  return pick(capabilities, SERVER_CAPABILITIES);
}

/** See `knownServerCapabilities`; for what a client declares to the upstream. */
export function knownClientCapabilities(capabilities: unknown): JsonObject {
  const known = pick(capabilities, CLIENT_CAPABILITIES);
  if (isJsonObject(known.sampling)) known.sampling = pick(known.sampling, ['context', 'tools']);
  return known;
}

/** The capability that a server's request needs from the client, for each request a server may make. */
const NEEDED: Readonly<Record<string, 'roots' | 'sampling' | 'elicitation'>> = {
  'roots/list': 'roots',
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
};

/**
 * Whether a client that declared `capabilities` can answer a server's `method` with `params`.
 * An empty `elicitation` means form mode (2025-11-25, elicitation: capabilities).
 */
export function clientCanAnswer(capabilities: JsonObject, method: string, params: JsonObject | undefined): boolean {
  const needed = NEEDED[method];
  if (needed === undefined) return false;
  const declared = capabilities[needed];
  if (!isJsonObject(declared)) return false;
  if (needed !== 'elicitation') return true;
  return params?.mode === 'url' ? isJsonObject(declared.url) : isJsonObject(declared.form) || !isJsonObject(declared.url);
}

/** The client capability that a server's `method` needs. */
export function neededCapability(method: string): string | undefined {
  return NEEDED[method];
}

/** Whether `method` is one that a server may ask of a client at all. */
export function isServerRequestMethod(method: string): boolean {
  return method in NEEDED;
}
