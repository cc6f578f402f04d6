import type { JsonRpcErrorObject, JsonValue, RequestId } from '../../protocol';

/** Why a client's request was refused before any policy saw it; the `reason` of its audit event. */
export type RefusalReason =
  | 'host_not_allowed'
  | 'origin_not_allowed'
  | 'method_not_allowed'
  | 'unsupported_media_type'
  | 'not_acceptable'
  | 'too_large'
  | 'incomplete_body'
  | 'parse_error'
  | 'invalid_request'
  | 'invalid_meta'
  | 'invalid_params'
  | 'unknown_method'
  | 'header_mismatch'
  | 'unsupported_version'
  | 'invalid_session_header'
  | 'batch_not_allowed'
  | 'response_not_allowed';

/**
 * What to answer to a request that is not MCP (GW-1). A value, not an exception: `if (body instanceof Refusal)`.
 * Its texts name headers, methods and parameters, never a value that was sent.
 */
export class Refusal {
  constructor(
    /** HTTP status; 200 where MCP wants the error in the JSON-RPC answer alone. */
    readonly status: number,
    readonly reason: RefusalReason,
    readonly error: JsonRpcErrorObject,
    /** The id to answer with; absent for notifications and where no id could be read. */
    readonly id?: RequestId,
    /** Further headers of the answer. */
    readonly headers?: Readonly<Record<string, string>>,
  ) {}
}

export function refuse(
  status: number,
  reason: RefusalReason,
  code: number,
  message: string,
  extra: { readonly id?: RequestId; readonly data?: JsonValue; readonly headers?: Readonly<Record<string, string>> } = {},
): Refusal {
  const error = extra.data === undefined ? { code, message } : { code, message, data: extra.data };
  return new Refusal(status, reason, error, extra.id, extra.headers);
}
