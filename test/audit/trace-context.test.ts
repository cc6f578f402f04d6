import fc from 'fast-check';
import { newTraceContext, readTraceContext } from '../../lambda/audit';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const OWN = 'abababababababab';
const random = (digits: number) => 'ab'.repeat(digits / 2);

const read = (traceparent: string, tracestate?: string) =>
  readTraceContext(new Headers({ traceparent, ...(tracestate === undefined ? {} : { tracestate }) }), random);

describe('GW-4 trace context', () => {
  it('GW-4 of a caller is taken over, with a span of our own', () => {
    expect(read(`00-${TRACE}-${SPAN}-01`, 'vendor=a, other@x=b')).toEqual({
      traceId: TRACE,
      spanId: OWN,
      parentSpanId: SPAN,
      sampled: true,
      headers: { traceparent: `00-${TRACE}-${OWN}-01`, tracestate: 'vendor=a,other@x=b' },
    });
  });

  it.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['ff', true],
  ])('GW-4 with flags %s passes on only whether it is sampled', (flags, sampled) => {
    const context = read(`00-${TRACE}-${SPAN}-${flags}`);
    expect(context).toMatchObject({ sampled, headers: { traceparent: `00-${TRACE}-${OWN}-${sampled ? '01' : '00'}` } });
  });

  it.each([`01-${TRACE}-${SPAN}-01`, `fe-${TRACE}-${SPAN}-01-what-the-future-will-say`])('GW-4 of a later version is read as far as we know it: %s', (traceparent) => {
    expect(read(traceparent)).toMatchObject({ traceId: TRACE, headers: { traceparent: `00-${TRACE}-${OWN}-01` } });
  });

  it.each([
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01-`,
    `01-${TRACE}-${SPAN}-01more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ])('GW-4 that is not valid starts a new trace: %j', (traceparent) => {
    expect(read(traceparent, 'vendor=a')).toEqual(newTraceContext(random));
  });

  it('GW-4 starts a new trace where the caller has none', () => {
    expect(readTraceContext(new Headers({ tracestate: 'vendor=a' }), random)).toEqual({
      traceId: 'ab'.repeat(16),
      spanId: OWN,
      sampled: true,
      headers: { traceparent: `00-${'ab'.repeat(16)}-${OWN}-01` },
    });
    expect(newTraceContext().traceId).not.toBe(newTraceContext().traceId);
  });

  it.each([
    'UPPER=a',
    'novalue',
    'a=b=c',
    'a=1,a=2',
    'a=\u00e9',
    '@tenant=a',
    'a=',
    `a=${'x'.repeat(600)}`,
    Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(','),
  ])('GW-4 leaves out a tracestate that is not valid: %j', (tracestate) => {
    expect(read(`00-${TRACE}-${SPAN}-01`, tracestate).headers).toEqual({ traceparent: `00-${TRACE}-${OWN}-01` });
  });

  it('GW-4 whatever comes in, what goes on is valid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii' }), (traceparent, tracestate) => {
        const headers = { get: (name: string) => (name === 'traceparent' ? traceparent : tracestate) };
        const context = readTraceContext(headers);
        expect(context.headers.traceparent).toBe(`00-${context.traceId}-${context.spanId}-01`);
        expect(context.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      }),
    );
  });
});
