import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isJsonObject, type JsonObject } from '../../protocol';
import { withDlpLimits, type DlpExchange, type DlpLimits, type DlpService, type DlpVerdict } from './service';

export interface IcapOptions extends DlpLimits {
  /** `icap://dlp.example.com:1344/respmod`, or `icaps://` for TLS. */
  readonly url: string;
  /** Bytes of an answer. @default 8388608 */
  readonly maxAnswerBytes?: number;
}

const CRLF = '\r\n';

/**
 * A DLP service that speaks ICAP (RFC 3507): each result goes there as a response to be modified. 204 leaves it as it is; an
 * adapted JSON result takes its place; an adapted response that is no success, or no JSON, blocks it.
 *
 * @throws TypeError for a URL that is not ICAP
 */
export function createIcapClient({ url, maxAnswerBytes = 8 * 1024 * 1024, ...limits }: IcapOptions): DlpService {
  const service = parseUrl(url);
  return withDlpLimits(async (result, exchange, signal) => {
    const answer = await ask(service, requestOf(service, result, exchange), maxAnswerBytes, signal);
    return verdictOf(answer);
  }, limits);
}

interface IcapService {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

function parseUrl(url: string): IcapService {
  const match = /^(icaps?):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?(\/[\x21-\x7e]{0,500})?$/.exec(url);
  if (!match) throw new TypeError(`${JSON.stringify(url)} is not an ICAP URL, expected icap://host:port/service`);
  const secure = match[1] === 'icaps';
  return { secure, host: match[2]!.replace(/^\[|\]$/g, ''), port: Number(match[3] ?? (secure ? 11344 : 1344)), url };
}

/** RFC 3507, section 4.9.1: the request, the response and its body in one piece. */
function requestOf({ url, host, port }: IcapService, result: JsonObject, { server, target }: DlpExchange): Buffer {
  const body = Buffer.from(JSON.stringify(result));
  const path = `/mcp/${encodeURIComponent(server)}/${encodeURIComponent(target ?? '')}`;
  const requestHead = `POST ${path} HTTP/1.1${CRLF}Host: ${host}${CRLF}${CRLF}`;
  const responseHead = `HTTP/1.1 200 OK${CRLF}Content-Type: application/json${CRLF}Content-Length: ${body.length}${CRLF}${CRLF}`;
  const head = [
    `RESPMOD ${url} ICAP/1.0`,
    `Host: ${host}:${port}`,
    'User-Agent: mcp-zero-trust',
    'Allow: 204',
    'Connection: close',
    `Encapsulated: req-hdr=0, res-hdr=${requestHead.length}, res-body=${requestHead.length + responseHead.length}`,
    '',
    '',
  ].join(CRLF);
  return Buffer.concat([Buffer.from(`${head}${requestHead}${responseHead}${body.length.toString(16)}${CRLF}`), body, Buffer.from(`${CRLF}0${CRLF}${CRLF}`)]);
}

function ask({ secure, host, port }: IcapService, request: Buffer, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = secure ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = (outcome: () => void) => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      outcome();
    };
    const fail = (error: Error) => end(() => reject(error));
    const giveUp = () => fail(new Error('the ICAP service is late'));
    signal.addEventListener('abort', giveUp, { once: true });
    socket.on('data', (part) => {
      bytes += part.length;
      if (bytes > maxBytes) return fail(new Error('the ICAP service answered too much'));
      parts.push(part);
      // A service that keeps the connection open has answered all the same.
      const answer = Buffer.concat(parts);
      try {
        if (isComplete(answer)) end(() => resolve(answer));
      } catch (error) {
        fail(error as Error);
      }
    });
    socket.on('end', () => end(() => resolve(Buffer.concat(parts))));
    socket.on('error', fail);
    socket.write(request);
  });
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Where what follows begins. */
  readonly end: number;
}

function headOf(answer: Buffer, from: number): Head | undefined {
  const end = answer.indexOf(`${CRLF}${CRLF}`, from);
  if (end === -1) return undefined;
  const [first = '', ...lines] = answer.toString('latin1', from, end).split(CRLF);
  const status = /^(?:ICAP|HTTP)\/1\.[01] (\d{3})\b/.exec(first);
  if (!status) throw new Error('the ICAP service answered no status');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const));
  return { status: Number(status[1]), headers, end: end + 4 };
}

function isComplete(answer: Buffer): boolean {
  const icap = headOf(answer, 0);
  if (icap === undefined) return false;
  const encapsulated = icap.headers.get('encapsulated') ?? '';
  if (icap.status !== 200 || !encapsulated.includes('res-body')) return icap.status !== 200 || (encapsulated.includes('null-body') && headOf(answer, icap.end) !== undefined);
  return answer.includes(`${CRLF}0${CRLF}${CRLF}`, icap.end) || answer.indexOf(`0${CRLF}${CRLF}`, icap.end) !== -1;
}

function verdictOf(answer: Buffer): DlpVerdict {
  const icap = headOf(answer, 0);
  if (icap === undefined) throw new Error('the ICAP service answered no head');
  const ids = icapIds(icap.headers);
  if (icap.status === 204) return { action: 'allow', ids };
  if (icap.status !== 200) throw new Error(`the ICAP service answered ${icap.status}`);
  const offset = /res-hdr=(\d{1,9})/.exec(icap.headers.get('encapsulated') ?? '');
  if (!offset) return { action: 'block', ids };
  const response = headOf(answer, icap.end + Number(offset[1]));
  if (response === undefined) throw new Error('the ICAP service answered no response');
  const isJson = /^application\/json\b/i.test(response.headers.get('content-type') ?? '');
  if (response.status !== 200 || !isJson || /null-body/.test(icap.headers.get('encapsulated') ?? '')) return { action: 'block', ids };
  const value: unknown = JSON.parse(unchunk(answer, response.end).toString('utf8'));
  return isJsonObject(value) ? { action: 'replace', ids, value } : { action: 'block', ids };
}

/** What services say of what they found, in the headers that are in use for it. */
function icapIds(headers: ReadonlyMap<string, string>): readonly string[] {
  const said = headers.get('x-infection-found') ?? headers.get('x-violations-found') ?? headers.get('x-dlp-rule') ?? headers.get('x-block-reason');
  return said === undefined ? [] : [said.replaceAll(/[^\w .;=,-]/g, '').slice(0, 64)];
}

function unchunk(answer: Buffer, from: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = answer.indexOf(CRLF, at);
    const size = lineEnd === -1 ? Number.NaN : parseInt(answer.toString('latin1', at, lineEnd), 16);
    if (!Number.isInteger(size) || size < 0 || lineEnd + 2 + size > answer.length) throw new Error('the ICAP service answered a broken body');
    if (size === 0) return Buffer.concat(parts);
    parts.push(answer.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
