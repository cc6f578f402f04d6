/** Policies that allow some and forbid some, and the same lines once more as plain code that shares nothing with them. */

export const POLICIES: Readonly<Record<string, string>> = {
  'alice-all': 'permit (principal == Mcp::User::"alice", action, resource);',
  'bob-looks': 'permit (principal == Mcp::User::"bob", action in Mcp::Action::"discover", resource);',
  'bob-echoes': 'permit (principal == Mcp::User::"bob", action in [Mcp::Action::"modern/echo", Mcp::Action::"legacy/echo", Mcp::Action::"stdio/echo"], resource);',
  'writes-stay-home': `forbid (principal, action in [Mcp::Action::"modern/write", Mcp::Action::"legacy/write", Mcp::Action::"stdio/write"], resource)
    unless { context.arguments.path like "home/*" && !(context.arguments.path like "*..*") };`,
  'no-secret': 'forbid (principal, action in [Mcp::Action::"modern/secret", Mcp::Action::"legacy/secret", Mcp::Action::"stdio/secret"], resource);',
  'no-secret-files': 'forbid (principal, action in [Mcp::Action::"readResource", Mcp::Action::"subscribeResource"], resource) when { resource.uri like "file:///secret/*" };',
};

export const PRINCIPALS = ['alice', 'bob', 'mallory'] as const;

/** Why a message must not be here, whoever sent it; `undefined` where nothing is wrong. Reads it as a careless server would. */
export function whyForbidden(message: unknown): string | undefined {
  const method = readLoosely(message, 'method');
  const params = readLoosely(message, 'params');
  if (method === 'tools/call') {
    const name = readLoosely(params, 'name');
    const path = readLoosely(readLoosely(params, 'arguments'), 'path');
    if (name === 'secret') return 'the tool "secret" is forbidden to all';
    if (name === 'write' && !(typeof path === 'string' && path.startsWith('home/') && !path.includes('..'))) return 'the tool "write" is forbidden outside of home/';
  }
  const uri = readLoosely(params, 'uri');
  if ((method === 'resources/read' || method === 'resources/subscribe') && typeof uri === 'string' && uri.startsWith('file:///secret/')) return 'what is under file:///secret/ is forbidden to all';
  return undefined;
}

/** A member as decoders find it that fold case and let the last one win, such as those of Go's standard library. */
function readLoosely(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  let found: unknown;
  for (const [key, member] of Object.entries(value)) if (fold(key) === fold(name)) found = member;
  return found;
}

function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}
