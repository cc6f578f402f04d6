import { FORBIDDEN_ADDRESS } from '../../outbound';

/** What a failed connection attempt means, as the end of a sentence; only the error's code is quoted, never a value. */
export function describeConnectError(error: unknown, connectMs: number): string {
  const code = codeOf(error);
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return `did not accept a connection within ${connectMs} ms`;
    case 'ECONNREFUSED':
      return 'refused the connection';
    case 'ENOTFOUND':
      return 'has a host name that does not resolve';
    case 'EAI_AGAIN':
      return 'has a host name that could not be resolved now';
    case FORBIDDEN_ADDRESS:
      return 'has a host name that resolves to an address that is not allowed';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'is not reachable over the network';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'presented a certificate for another host';
    case 'CERT_HAS_EXPIRED':
      return 'presented an expired certificate';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'presented a certificate that no trusted authority signed';
    default:
      return `could not be connected to${code === undefined ? '' : ` (${code})`}`;
  }
}

/** The code of `error`, or of its first part where several addresses were tried. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) ? codeOf(errors[0]) : undefined;
}
