/** Schemas and arguments: what reaches a server is what was decided on, and what an independent validator takes. */
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import * as fc from 'fast-check';
import { startFakeServer, type Arrival } from '../fake-servers';
import { at } from '../loose';
import { checkAnswer, checkArrivals, checkRecord, checkSecrets, VALUE_CANARY } from '../invariants';
import { dressModern, idsOf } from '../requests';
import { createSubject } from '../subject';
import { explained, holdsFor, type Target } from '../target';
import { send, show, showAnswer, type WireAnswer } from '../wire';

const names = ['a', 'b', 'c', 'A', 'constructor', 'e\u0301', '\u00e9', 'x-y', '$ref', ''] as const;
const name = fc.constantFrom(...names);
const scalar = fc.oneof(
  fc.constantFrom<unknown>(VALUE_CANARY, '', 'abc', 'e\u0301', '\u00e9', '\ufb01', '\u202e', '\u200b', 'a\u0000', '\ud83d\ude00', '2026-01-31', 'https://a.example', null, true, false, 0, 1, -1, 1.5, 100, 1e21),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => Number(value.toPrecision(12))),
);

/** What a server publishes in its schema is no secret, and errors may name it. */
const published = scalar.filter((value) => value !== VALUE_CANARY);

const { schema } = fc.letrec<{ schema: unknown; leaf: unknown; object: unknown }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null') }),
    fc.record({ type: fc.constant('string'), maxLength: fc.nat(8), minLength: fc.nat(3) }),
    fc.record({ type: fc.constant('string'), pattern: fc.constantFrom('^[a-z]+$', '^.$', '\\d', '^\\p{L}+$', '(a|b)*c', '^\\S+$', '[^a]') }),
    fc.record({ type: fc.constant('string'), format: fc.constantFrom('date', 'uri', 'email', 'uuid', 'date-time', 'ipv4', 'regex', 'unknown') }),
    fc.record({ type: fc.constant('integer'), minimum: fc.integer({ min: -5, max: 5 }), maximum: fc.integer({ min: 0, max: 200 }), multipleOf: fc.constantFrom(1, 2, 5) }),
    fc.record({ enum: fc.array(published, { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: published }),
    fc.constantFrom<unknown>({}, true, { type: ['string', 'null'] }, { $ref: '#' }, { $ref: '#/$defs/shared' }),
  ),
  object: fc.record(
    {
      type: fc.constant('object'),
      properties: fc.dictionary(name, tie('schema'), { maxKeys: 4 }),
      required: fc.uniqueArray(name, { maxLength: 1 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('leaf')),
      patternProperties: fc.dictionary(fc.constantFrom('^a', 'x', '.*'), tie('leaf'), { maxKeys: 1 }),
      unevaluatedProperties: fc.boolean(),
      allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
      not: tie('leaf'),
      if: tie('leaf'),
      then: tie('leaf'),
      minProperties: fc.nat(1),
      propertyNames: fc.record({ maxLength: fc.nat(12) }),
    },
    { requiredKeys: ['type', 'properties'] },
  ),
  schema: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('object'), fc.record({ type: fc.constant('array'), items: tie('schema'), maxItems: fc.nat(3), uniqueItems: fc.boolean() }, { requiredKeys: ['type', 'items'] })),
}));
const inputSchema = fc
  .tuple(fc.dictionary(name, schema, { maxKeys: 4 }), fc.record({ additionalProperties: fc.boolean(), required: fc.uniqueArray(name, { maxLength: 1 }), anyOf: fc.array(schema, { minLength: 1, maxLength: 2 }), $defs: fc.record({ shared: schema }) }, { requiredKeys: [] }))
  .map(([properties, more]) => ({ type: 'object', properties, ...more }) as Record<string, unknown>);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(name, tie('value'), { maxKeys: 3 })),
}));
const toolArguments = fc.dictionary(fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) }), value, { maxKeys: 4 });

export const argumentsAgainstSchemas: Target = {
  name: 'arguments',
  title: 'generated schemas and arguments',
  share: 2,
  async start() {
    const arrivals: Arrival[] = [];
    const fake = await startFakeServer('modern', 'modern', arrivals);
    const subject = createSubject([{ name: 'modern', upstream: { kind: 'http', url: fake.url, headers: {} } }], arrivals, { limits: { catalogMs: 0 } });
    return {
      property: holdsFor(fc.record({ inputSchema, sent: fc.array(toolArguments, { minLength: 1, maxLength: 4 }) }), async ({ inputSchema: declared, sent }) => {
        fake.script = (message, response) => {
          if (at(message, 'method') !== 'tools/list') return false;
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ jsonrpc: '2.0', id: at(message, 'id'), result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [{ name: 'echo', inputSchema: declared }] } }));
          return true;
        };
        subject.advance(10_000);
        for (const given of sent) {
          const wire = dressModern({ principal: 'alice', server: 'modern', message: { method: 'tools/call', params: { name: 'echo', arguments: given } }, id: 1, damage: { tree: [], bytes: [] }, headers: [] });
          let answer: WireAnswer | undefined;
          subject.begin();
          await explained(
            () => `schema: ${JSON.stringify(declared)}\n${show(wire)}\nanswer: ${answer === undefined ? '(none)' : showAnswer(answer)}`,
            async () => {
              answer = await send(subject.gateway, wire);
              await subject.settle(1_000);
              checkAnswer(answer, { ids: idsOf(wire.body), era: 'modern' });
              checkArrivals(subject.observed);
              checkRecord(subject.observed);
              checkSecrets(subject.observed, [wire], [answer]);
              const calls = arrivals.map(({ text }) => JSON.parse(text)).filter(({ method }) => method === 'tools/call');
              for (const call of calls) checkForwarded(declared, given, call.params.arguments);
            },
          );
        }
      }),
      async close() {
        await subject.close();
        await fake.close();
      },
    };
  },
};

/** Nothing is forwarded that the schema does not allow, that hides characters, or that is another value than was sent. */
function checkForwarded(declared: Record<string, unknown>, given: unknown, forwarded: unknown): void {
  const ajv = new Ajv2020({ strict: false, logger: false, ownProperties: true });
  addFormats(ajv);
  const { $schema: _, ...own } = declared;
  if (!ajv.validate(own, forwarded)) throw new Error(`forwarded what the schema does not allow: ${ajv.errorsText()}`);
  const text = JSON.stringify(forwarded);
  if (text !== JSON.stringify(normalize(given))) throw new Error(`forwarded another value than the normal form of what was sent: ${text}`);
  if (/[\u200b\u202a-\u202e\ufeff]|\\u0000/.test(text)) throw new Error(`forwarded a character that hides text: ${text}`);
}

function normalize(value: unknown): unknown {
  if (typeof value === 'string') return value.normalize('NFC');
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.normalize('NFC'), normalize(member)]));
}
