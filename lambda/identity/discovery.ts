import type { Outbound } from '../outbound';

/** What an authorization server says of itself (RFC 8414 section 2, OpenID Connect Discovery section 3), as far as we use it. */
export interface IssuerMetadata {
  /** Exactly the issuer that was asked for. */
  readonly issuer: string;
  readonly jwksUri?: URL;
  readonly tokenEndpoint?: URL;
  readonly introspectionEndpoint?: URL;
}

/** The issuer's metadata cannot be had, or is that of another issuer. */
export class DiscoveryFailed extends Error {
  constructor(issuer: string, problem: string) {
    super(`The metadata of the issuer ${issuer} ${problem}`);
    this.name = 'DiscoveryFailed';
  }
}

/**
 * The metadata of an issuer: RFC 8414 first, then OpenID Connect Discovery, in the order that MCP gives to clients. A document
 * that names another issuer is never used (RFC 8414 section 3.3), so nobody can put their keys in the place of the issuer's.
 * @throws DiscoveryFailed
 */
export async function discoverIssuer(issuer: string, outbound: Outbound): Promise<IssuerMetadata> {
  let problem = 'is at none of its well-known places';
  for (const location of wellKnownLocations(issuer)) {
    const answer = await outbound(location);
    if (answer.status !== 200) continue;
    const document = parse(answer.body);
    if (document?.issuer === issuer) return read(issuer, document);
    problem = 'names another issuer';
  }
  throw new DiscoveryFailed(issuer, problem);
}

/** Where the metadata of an issuer can be. The well-known goes between host and path, but for older OpenID providers. */
export function wellKnownLocations(issuer: string): URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const between = ['oauth-authorization-server', 'openid-configuration'].map((name) => new URL(`${origin}/.well-known/${name}${path}`));
  return path === '' ? between : [...between, new URL(`${origin}${path}/.well-known/openid-configuration`)];
}

function parse(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function read(issuer: string, document: Readonly<Record<string, unknown>>): IssuerMetadata {
  const url = (name: string) => {
    const value = document[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !URL.canParse(value)) throw new DiscoveryFailed(issuer, `has a ${name} that is no URL`);
    return new URL(value);
  };
  return { issuer, jwksUri: url('jwks_uri'), tokenEndpoint: url('token_endpoint'), introspectionEndpoint: url('introspection_endpoint') };
}
