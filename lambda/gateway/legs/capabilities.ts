import { ErrorCode, isJsonObject, type JsonObject, type JsonRpcErrorObject } from '../../protocol';

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

export type ClientCapability = (typeof CLIENT_CAPABILITIES)[number];

/**
 * What a server gets to know of the capabilities that a client declares: those in `offered` alone.
 *
 * @default - sampling and elicitation. Roots are for the operator to allow: servers take a client's roots for what they
 * may access, in the place of what they were started with
 */
export function offeredCapabilities(declared: unknown, offered: readonly ClientCapability[] = ['sampling', 'elicitation']): JsonObject {
  return pick(knownClientCapabilities(declared), offered);
}

/** See `knownServerCapabilities`; for what a client declares to the upstream. */
export function knownClientCapabilities(capabilities: unknown): JsonObject {
  const { roots, sampling, elicitation } = pick(capabilities, CLIENT_CAPABILITIES);
  return {
    ...(isJsonObject(roots) ? { roots: roots.listChanged === true ? { listChanged: true } : {} } : {}),
    ...(isJsonObject(sampling) ? { sampling: flags(sampling, ['context', 'tools']) } : {}),
    ...(isJsonObject(elicitation) ? { elicitation: flags(elicitation, ['form', 'url']) } : {}),
  };
}

/** Capabilities that are declared by being there. What is in them is not ours to carry. */
function flags(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => isJsonObject(source[key])).map((key) => [key, {}]));
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

/** The request cannot go on without something that the client did not declare (MCP 2026-07-28, capabilities). */
export function missingCapability(method: string, params: JsonObject | undefined): JsonRpcErrorObject {
  const needed = NEEDED[method] ?? method;
  const capability = needed === 'elicitation' && params?.mode === 'url' ? { url: {} } : {};
  return {
    code: ErrorCode.MISSING_CLIENT_CAPABILITY,
    message: `the server needs the client capability ${needed}`,
    data: { requiredCapabilities: { [needed]: capability } },
  };
}

/** Whether `method` is one that a server may ask of a client at all. */
export function isServerRequestMethod(method: string): boolean {
  return method in NEEDED;
}
