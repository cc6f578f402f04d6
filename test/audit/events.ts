import { Writable } from 'node:stream';
import type { AuditEvent } from '../../lambda/audit';

/** An event whose texts a test wrote. */
export interface WrittenEvent extends Omit<AuditEvent, 'time' | 'requestId' | 'traceId' | 'spanId' | 'argumentsDigest'> {
  readonly time: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly argumentsDigest?: string;
}

export function eventOf(written: WrittenEvent): AuditEvent {
  return written as AuditEvent;
}

export function eventWith(overrides: Partial<WrittenEvent> = {}): AuditEvent {
  return eventOf({
    time: '2026-01-01T12:30:05.250Z',
    requestId: 'r-1',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    principal: { type: 'User', id: 'alice', issuer: 'https://login.example.com' },
    server: 'files',
    method: 'tools/call',
    target: 'write_file',
    decision: 'deny',
    reason: 'not_permitted',
    policyIds: ['p1', 'p2'],
    requestBytes: 100,
    responseBytes: 200,
    durationMs: 0.8312,
    httpStatus: 200,
    ...overrides,
  });
}

/** A stream whose reader takes nothing before `release` is called. */
export class SlowStream extends Writable {
  readonly chunks: string[] = [];
  private waiting: (() => void)[] = [];
  private released = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk.toString());
    if (this.released) done();
    else this.waiting.push(done);
  }

  release(): void {
    this.released = true;
    for (const done of this.waiting.splice(0)) done();
  }

  get text(): string {
    return this.chunks.join('');
  }
}

export function openStream(): SlowStream {
  const stream = new SlowStream();
  stream.release();
  return stream;
}
