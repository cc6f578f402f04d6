/** Labels of letters, digits and inner hyphens, at least two of them, the last one not a number: no address, no wildcard. */
const DOMAIN_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Checks that a text is one exact domain name in lower case, as it stands in firewall rules and DNS lists. Nothing that passes
 * can end a quoted text or an option of a rule.
 *
 * @throws Error that says what was expected
 */
export function assertDomainName(name: string): void {
  if (DOMAIN_NAME.test(name)) return;
  throw new Error(`the egress domain ${JSON.stringify(name)} is not an exact domain name, expected lower-case labels such as "api.example.com" (no wildcard, address, port, scheme or trailing dot)`);
}

/**
 * Checks the parent of a wildcard: two labels or more, so that a whole top-level domain cannot be meant.
 *
 * @throws Error that says what was expected
 */
export function assertParentDomain(name: string): void {
  assertDomainName(name);
}
