import { discoverIssuer } from '../identity';
import { createOutbound } from '../outbound';
import type { LocalConfig } from './config';

/** Says so where the keys of the issuer cannot be had now: the issuer may be back in a moment, and until then every token is refused. */
export async function adviseOnIssuer({ identity }: Pick<LocalConfig, 'identity'>): Promise<string[]> {
  if (identity === undefined) return [];
  const { issuer, jwks, introspection } = identity.trusted;
  if (introspection !== undefined || (jwks !== undefined && !(jwks instanceof URL))) return [];
  const outbound = createOutbound({ configured: [jwks ?? new URL(issuer)] });
  try {
    const place = jwks ?? (await discoverIssuer(issuer, outbound)).jwksUri;
    if (place === undefined) return [refusing(issuer, 'its metadata names no key set')];
    const { status, body } = await outbound(place);
    if (status !== 200) return [refusing(issuer, `${place.origin} answered with HTTP ${status}`)];
    const set = JSON.parse(body) as { readonly keys?: unknown } | null;
    return Array.isArray(set?.keys) && set.keys.length > 0 ? [] : [refusing(issuer, 'the key set is empty')];
  } catch (error) {
    return [refusing(issuer, error instanceof SyntaxError ? 'the key set is not JSON' : ((error as NodeJS.ErrnoException).code ?? (error as Error).message))];
  }
}

function refusing(issuer: string, why: string): string {
  return `the keys of ${issuer} cannot be had (${why}), and every token is refused until they can`;
}
