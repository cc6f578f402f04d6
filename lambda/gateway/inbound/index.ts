/** What a client may send (GW-1): from HTTP headers over JSON and JSON-RPC to the parameters of every method. Pure but for reading a body. */
export { readBody, type BodySource, type QuickerBody } from './body';
export { checkBatch, classify, type Classified } from './classify';
export { checkMessage } from './client-messages';
export { corsHeaders, preflight } from './cors';
export { decodeHeaderValue, encodeHeaderValue, type HeaderReader } from './header-value';
export { checkHttp, type HttpRules } from './http';
export { parseJson } from './json';
export { DEFAULT_JSON_LIMITS, type JsonLimits } from './json-scan';
export { checkLegacy, checkLegacyHeaders } from './legacy';
export { checkModern } from './modern';
export { ParamHeaders } from './param-headers';
export { readIncoming, ServedMessage } from './incoming';
export { Refusal, type RefusalReason } from './refusal';
export { checkAnswer, checkInputRequests, checkServerMessage } from './server-messages';
