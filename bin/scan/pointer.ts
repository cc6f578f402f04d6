/** The text at a JSON Pointer (RFC 6901); a pointer at something else than a text points at the key that names it. */
export function textAt(definition: object, pointer: string): string {
  const segments = pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  let value: unknown = definition;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null) return '';
    value = (value as Record<string, unknown>)[segment];
  }
  return typeof value === 'string' ? value : (segments.at(-1) ?? '');
}
