import type { Address } from '../address';

/** What a connection carries, as far as a firewall can see it. */
export type Application =
  | { readonly kind: 'tls'; readonly name?: string }
  | { readonly kind: 'http'; readonly host?: string }
  | { readonly kind: 'ssh' }
  | { readonly kind: 'dns' }
  | { readonly kind: 'quic'; readonly name?: string }
  | { readonly kind: 'ntp' }
  /** Anything else. */
  | { readonly kind: 'raw' };

/** A connection, or a datagram, on its way out. */
export interface Flow {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: number;
  /** For ICMP its type. */
  readonly port: number;
  readonly application: Application;
  /** Whether the zone's resolver answers with this address, for some name. */
  readonly resolved: boolean;
}

/** The name that a connection shows. */
export function shownName(application: Application): string | undefined {
  if (application.kind === 'tls' || application.kind === 'quic') return application.name;
  return application.kind === 'http' ? application.host : undefined;
}
