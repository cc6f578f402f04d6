import { errors } from 'undici';
import { codeOf, describeConnectError } from './connect-error';
import type { UpstreamFailureCode } from './event';

/** Interim responses that undici gives the connection up for, by what it says then. A client may pass over one (RFC 9110, 15.2); undici cannot. */
const NOT_ASKED_FOR: ReadonlyMap<string, string> = new Map([
  ['bad response', '100 Continue'],
  ['bad upgrade', '101 Switching Protocols'],
]);

/** What an error of undici means for the call, with the end of a sentence about the server. */
export function readTransportError(error: Error, { started, connectMs }: { readonly started: boolean; readonly connectMs: number }): { readonly code: UpstreamFailureCode; readonly what: string } {
  const code = codeOf(error);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return { code: 'stopped', what: 'had not answered when the gateway stopped' };
  if (!started) return { code: 'connect', what: describeConnectError(error, connectMs) };
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { code: 'too_large', what: 'sent response headers that are too large' };
  if (error instanceof errors.HTTPParserError || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return { code: 'garbage', what: 'sent what is not HTTP' };
  const interim = NOT_ASKED_FOR.get(error.message);
  if (interim !== undefined) return { code: 'garbage', what: `sent HTTP ${interim}, which was not asked for` };
  return { code: 'closed', what: 'closed the connection before the answer was complete' };
}
