import { generateKeyPairSync, sign } from 'node:crypto';
import { lineDigest, linkedLine, newWriterId, NO_LINE_BEFORE } from './entry';

/** Signs with a key that is kept elsewhere, such as in AWS KMS: ECDSA P-256 with SHA-256, DER. */
export interface WriterAuthority {
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export interface ChainedLogOptions {
  /** Gets each line, without a line feed. */
  readonly write: (line: string) => void;
  /** Certifies the writer, once. */
  readonly authority: WriterAuthority;
  /** How long an entry waits for a checkpoint, milliseconds. @default - until `checkpoint` is called: a process that is frozen between requests has no timers */
  readonly checkpointMs?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** A log of one writer, whose lines others collect, in whatever order and more than once (LOG-4). */
export interface ChainedLog {
  /** @param line a JSON object with at least one member, with or without a line feed */
  append(line: string): void;
  /** Signs all that was appended since the checkpoint before, if anything was. */
  checkpoint(): void;
  /** Signs the end: nothing of this writer comes after. */
  close(): void;
}

/**
 * Begins a writer: a key pair that lives in this process and dies with it, whose public key the authority signs in the first line. All
 * further checkpoints are signed with the writer's own key, so that no request waits for the authority, and nobody who gets to use the
 * authority later can write this writer's past anew.
 *
 * Control: LOG-4.
 * @throws where the authority does not sign: what cannot be shown to be untouched must not be begun
 */
export async function openChainedLog({ write, authority, checkpointMs, clock = Date.now }: ChainedLogOptions): Promise<ChainedLog> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const writer = newWriterId();
  let seq = 0;
  let prev = NO_LINE_BEFORE;
  let unsigned = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function put(line: string): void {
    write(line);
    prev = lineDigest(line);
    seq += 1;
  }

  const draft = (members: object) => linkedLine({ writer, seq, prev }, JSON.stringify({ kind: 'checkpoint', time: new Date(clock()).toISOString(), ...members }));

  function checkpoint(final: boolean): void {
    clearTimeout(timer);
    timer = undefined;
    unsigned = 0;
    const line = draft({ final });
    put(signed(line, sign('sha256', Buffer.from(line), { key: privateKey, dsaEncoding: 'ieee-p1363' })));
  }

  const certificate = draft({ final: false, key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64url') });
  put(signed(certificate, await authority.sign(Buffer.from(certificate))));

  return {
    append(line) {
      if (closed) throw new Error('the audit log is closed');
      put(linkedLine({ writer, seq, prev }, line.endsWith('\n') ? line.slice(0, -1) : line));
      unsigned += 1;
      if (checkpointMs !== undefined) timer ??= setTimeout(() => checkpoint(false), checkpointMs).unref();
    },
    checkpoint() {
      if (unsigned > 0 && !closed) checkpoint(false);
    },
    close() {
      if (!closed) checkpoint(true);
      closed = true;
    },
  };
}

function signed(unsigned: string, signature: Uint8Array): string {
  return `${unsigned.slice(0, -1)},"signature":"${Buffer.from(signature).toString('base64url')}"}`;
}
