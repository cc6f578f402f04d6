import { isJsonObject } from '../../protocol';
import { withDlpLimits, type DlpLimits, type DlpService } from './service';

export interface HttpHookOptions extends DlpLimits {
  /** Where results are posted, https, or http on this machine. */
  readonly url: string;
  /** Sent with every request, such as a credential. @default - none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of an answer. @default 8388608 */
  readonly maxAnswerBytes?: number;
  /** @default fetch */
  readonly fetch?: typeof fetch;
}

/**
 * A DLP service behind an HTTP endpoint. It gets `{"server", "target", "result"}` and answers `{"action": "allow" | "block" |
 * "replace", "findings": ["id"...], "result": {...}}`, the last with `replace`. Anything else is a failure.
 *
 * @throws TypeError for a URL that a result must not be sent to
 */
export function createHttpHook({ url, headers = {}, maxAnswerBytes = 8 * 1024 * 1024, fetch: send = fetch, ...limits }: HttpHookOptions): DlpService {
  const endpoint = URL.canParse(url) ? new URL(url) : undefined;
  const isLocal = endpoint !== undefined && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(endpoint.hostname);
  if (endpoint?.protocol !== 'https:' && !(endpoint?.protocol === 'http:' && isLocal)) throw new TypeError('the URL of a DLP hook must be https, or http on this machine');
  return withDlpLimits(async (result, { server, target }, signal) => {
    const response = await send(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ server, target, result }),
      redirect: 'error',
      signal,
    });
    if (!response.ok) throw new Error(`the DLP hook answered ${response.status}`);
    const answer: unknown = JSON.parse(await readText(response, maxAnswerBytes));
    if (!isJsonObject(answer)) throw new Error('the DLP hook answered no object');
    const ids = (Array.isArray(answer.findings) ? answer.findings : []).filter((id) => typeof id === 'string').map((id) => id.slice(0, 64)).slice(0, 32);
    if (answer.action === 'allow' || answer.action === 'block') return { action: answer.action, ids };
    if (answer.action === 'replace' && isJsonObject(answer.result)) return { action: 'replace', ids, value: answer.result };
    throw new Error('the DLP hook answered no action');
  }, limits);
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > maxBytes) throw new Error('the DLP hook answered too much');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
