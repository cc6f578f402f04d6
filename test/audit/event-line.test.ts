import fc from 'fast-check';
import { isPlainText, type AuditEvent } from '../../lambda/audit';
import { writeEventLine } from '../../lambda/audit/event-line';
import { eventOf } from './events';

/** A new member of the event is one here too, or this does not compile. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('tools/call', '"', '\\', '\u007f', '\u0085', '\ud800', '\u202e', 'é'));
const plain = fc.string().filter(isPlainText);
const count = fc.oneof(fc.nat(), fc.double());
const members: { readonly [Member in keyof Required<AuditEvent>]: fc.Arbitrary<unknown> } = {
  time: plain,
  requestId: plain,
  traceId: plain,
  spanId: plain,
  principal: fc.option(fc.record({ type: text, id: text, issuer: text }), { nil: undefined }),
  sourceIp: fc.option(text, { nil: undefined }),
  server: fc.option(text, { nil: undefined }),
  method: fc.option(text, { nil: undefined }),
  target: fc.option(text, { nil: undefined }),
  protocolVersion: fc.option(text, { nil: undefined }),
  decision: fc.constantFrom('allow', 'deny', 'error'),
  reason: fc.option(text, { nil: undefined }),
  policyIds: fc.array(text, { maxLength: 3 }),
  argumentsDigest: fc.option(plain, { nil: undefined }),
  requestBytes: count,
  responseBytes: count,
  durationMs: count,
  httpStatus: count,
  upstreamStatus: fc.option(fc.oneof(fc.nat(), fc.constantFrom('ok', 'failed')), { nil: undefined }),
  notes: fc.option(fc.array(text, { maxLength: 3 }), { nil: undefined }),
};

it('LOG-1 writes every member of any event as JSON.stringify does, in its order, and nothing that is not printable', () => {
  fc.assert(
    fc.property(fc.record(members), (drawn) => {
      const event = drawn as unknown as AuditEvent;
      const line = writeEventLine(event);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(JSON.parse(JSON.stringify(event))));
    }),
    { numRuns: 1_000 },
  );
});

it('LOG-1 writes durations as JSON.stringify does', () => {
  const event = { time: 't', requestId: 'r', traceId: 't', spanId: 's', decision: 'allow', policyIds: [], requestBytes: 0, responseBytes: 0, httpStatus: 200 } as const;
  fc.assert(
    fc.property(fc.oneof(fc.nat(2_000_000).map((thousandths) => thousandths / 1_000), fc.nat().map((thousandths) => thousandths / 1_000), fc.double()), (durationMs) => {
      expect(writeEventLine(eventOf({ ...event, durationMs }))).toBe(JSON.stringify({ time: 't', requestId: 'r', traceId: 't', spanId: 's', decision: 'allow', policyIds: [], requestBytes: 0, responseBytes: 0, durationMs, httpStatus: 200 }));
    }),
    { numRuns: 2_000 },
  );
});

it('LOG-1 what is written without a look is a text that JSON, a terminal and a log take as it is', () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(isPlainText(given)).toBe(JSON.stringify(given) === `"${given}"` && !/[^\x20-\x7e]/.test(given));
    }),
    { numRuns: 2_000 },
  );
  for (const one of ['"', '\\', '\n', '\u007f', '\u0085', '\u202e', 'é', 'a"b']) expect([one, isPlainText(one)]).toEqual([one, false]);
});
