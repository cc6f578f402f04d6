import { createHash } from 'node:crypto';
import { luhn } from '../../lambda/guard/recognisers/checks';
import type { Random } from '../../training/random';

/** What a recogniser has to tell apart: data of its kind, and what only looks like it. All of it is made up here. */
export interface Fakes {
  /** The datum, or a text that holds it as context demands. */
  readonly positive: (random: Random) => string;
  /** Alike, and none: a wrong check digit, a wrong length, a placeholder, a lack of context. */
  readonly nearMiss: (random: Random) => string;
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ALNUM = UPPER + LOWER + DIGITS;
const HEX = '0123456789abcdef';
const BASE64 = `${ALNUM}+/`;
const URLSAFE = `${ALNUM}_-`;

const of = (alphabet: string, length: number) => (random: Random) => Array.from({ length }, () => alphabet[Math.floor(random.next() * alphabet.length)]).join('');
const digits = (length: number) => of(DIGITS, length);
const number = (random: Random, from: number, to: number) => from + Math.floor(random.next() * (to - from));
const spell = (...parts: readonly (string | ((random: Random) => string))[]) => (random: Random) => parts.map((part) => (typeof part === 'string' ? part : part(random))).join('');

/** A token that is cut short, so that it is none. */
const cut = (make: (random: Random) => string, by: number) => (random: Random) => `${make(random).slice(0, -by)} `;
const token = (make: (random: Random) => string, by = 6): Fakes => ({ positive: make, nearMiss: cut(make, by) });
const randomUuid = (random: Random) => [8, 4, 4, 4, 12].map((length) => of(HEX, length)(random)).join('-');

/** Digits, and the last of them such that `holds`. */
function completed(prefix: string, holds: (number: string) => boolean, alphabet = DIGITS): string {
  return [...alphabet].map((last) => prefix + last).find(holds) ?? completed(bump(prefix), holds, alphabet);
}

function bump(prefix: string): string {
  return prefix.slice(0, -1) + DIGITS[(Number(prefix.at(-1)) + 1) % 10]!;
}

/** The same with the last character wrong. */
function wrong(text: string, alphabet = DIGITS): string {
  const last = alphabet.indexOf(text.at(-1)!);
  return text.slice(0, -1) + alphabet[(last + 1) % alphabet.length]!;
}

const grouped = (text: string, size: number, by = ' ') => text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(by);
const mod97 = (text: string) => [...text].reduce((rest, character) => { const value = parseInt(character, 36); return (rest * (value > 9 ? 100 : 10) + value) % 97; }, 0);

function card(random: Random): string {
  const [prefix, length] = random.pick([['4', 16], ['51', 16], ['37', 15], ['6011', 16], ['3530', 16]] as const);
  const number = completed(prefix + digits(length - prefix.length - 1)(random), luhn);
  return random.next() < 0.5 ? number : grouped(number, 4, random.pick([' ', '-']));
}

function iban(random: Random): string {
  const [country, length] = random.pick([['DE', 18], ['GB', 0], ['FR', 23], ['ES', 20], ['NL', 0]] as const);
  const bban = country === 'GB' ? of(UPPER, 4)(random) + digits(14)(random) : country === 'NL' ? of(UPPER, 4)(random) + digits(10)(random) : digits(length)(random);
  const check = String(98 - mod97(`${bban}${country}00`)).padStart(2, '0');
  return random.next() < 0.5 ? country + check + bban : grouped(country + check + bban, 4);
}

const wrongIban = (random: Random) => {
  const text = iban(random);
  const at = text.search(/\d/);
  return text.slice(0, at) + ((Number(text[at]) + 1) % 10) + text.slice(at + 1);
};

function ssn(random: Random): string {
  const area = number(random, 100, 665);
  return `${area}-${String(number(random, 1, 99)).padStart(2, '0')}-${String(number(random, 1, 9999)).padStart(4, '0')}`;
}

const weighted = (text: string, weights: readonly number[]) => weights.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0);
const nhs = (text: string) => (11 - (weighted(text, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(text[9]);
const pesel = (text: string) => (weighted(text, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) + Number(text[10])) % 10 === 0;
const bsn = (text: string) => (weighted(text, [9, 8, 7, 6, 5, 4, 3, 2]) - Number(text[8])) % 11 === 0;
const aba = (text: string) => weighted(text, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
const tfn = (text: string) => weighted(text, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;
const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE';

function cpf(random: Random): string {
  const nine = `${number(random, 1, 9)}${digits(8)(random)}`;
  const check = (text: string) => String((([...text].reduce((sum, digit, i) => sum + (text.length + 1 - i) * Number(digit), 0) * 10) % 11) % 10);
  const ten = nine + check(nine);
  const all = ten + check(ten);
  return `${all.slice(0, 3)}.${all.slice(3, 6)}.${all.slice(6, 9)}-${all.slice(9)}`;
}

const MULTIPLY = ['0123456789', '1234067895', '2340178956', '3401289567', '4012395678', '5987604321', '6598710432', '7659821043', '8765932104', '9876543210'];
const PERMUTE = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258'];
const verhoeff = (text: string) => [...text].reverse().reduce((check, digit, i) => Number(MULTIPLY[check]![Number(PERMUTE[i % 8]![Number(digit)])]), 0) === 0;

function germanTaxId(random: Random): string {
  const order = random.shuffle([...DIGITS]);
  const ten = order[0] === '0' ? [...order.slice(1), '0'] : order;
  ten[9] = ten[random.next() < 0.5 ? 3 : 5]!;
  let product = 10;
  for (const digit of ten) product = (2 * ((Number(digit) + product) % 10 || 10)) % 11;
  return ten.join('') + ((11 - product) % 10);
}

function nir(random: Random): string {
  const body = `${number(random, 1, 3)}${digits(2)(random)}${String(number(random, 1, 13)).padStart(2, '0')}${number(random, 10, 96)}${digits(6)(random)}`;
  return body + String(97 - (Number(body) % 97)).padStart(2, '0');
}

const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
function fiscalCode(random: Random): string {
  const body = of(UPPER, 6)(random) + digits(2)(random) + of('ABCDEHLMPRST', 1)(random) + String(number(random, 1, 31)).padStart(2, '0') + of('ABCDEFGHL', 1)(random) + digits(3)(random);
  const sum = [...body].reduce((total, character, i) => { const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65; return total + (i % 2 === 0 ? FISCAL_ODD[value]! : value); }, 0);
  return body + String.fromCharCode(65 + (sum % 26));
}

const birth = (random: Random) => `${digits(2)(random)}${String(number(random, 1, 13)).padStart(2, '0')}${String(number(random, 1, 29)).padStart(2, '0')}`;
const personnummer = (random: Random) => completed(birth(random) + digits(3)(random), luhn).replace(/(.{6})/, '$1-');
const dea = (random: Random) => completed(digits(6)(random), (text) => { const [a, b, c, d, e, f, g] = [...text].map(Number) as [number, number, number, number, number, number, number]; return (a + c + e + 2 * (b + d + f)) % 10 === g; });

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
function wif(random: Random): string {
  const body = Buffer.from(`80${of(HEX, 64)(random)}`, 'hex');
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  let value = BigInt(`0x${Buffer.concat([body, sha256(sha256(body)).subarray(0, 4)]).toString('hex')}`);
  let text = '';
  for (; value > 0n; value /= 58n) text = BASE58[Number(value % 58n)] + text;
  return text;
}

const jwt = (random: Random) => `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${Buffer.from(JSON.stringify({ sub: digits(8)(random), iat: 1 })).toString('base64url')}.${of(URLSAFE, 43)(random)}`;
const pem = (random: Random) => `-----BEGIN ${random.pick(['RSA ', 'EC ', 'OPENSSH ', ''])}PRIVATE KEY-----\n${grouped(of(BASE64, 400)(random), 64, '\n')}\n-----END PRIVATE KEY-----`;
const password = (random: Random) => of(LOWER, 5)(random) + of(UPPER, 2)(random) + digits(3)(random) + random.pick(['!', '#', '_', '']);
const secretAlnum = (length: number) => (random: Random) => `${of(LOWER, 2)(random)}${digits(2)(random)}${of(ALNUM, length - 4)(random)}`;
const keyed = (text: string, make: (random: Random) => string) => spell(text, make);

/** For each recogniser, by id. */
export const FAKES: Readonly<Record<string, Fakes>> = {
  'aws-access-key-id': token(spell((r) => r.pick(['AKIA', 'ASIA']), of('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16))),
  'aws-secret-access-key': { positive: keyed('aws_secret_access_key = ', of(BASE64, 40)), nearMiss: keyed('aws_secret_access_key = ', (r) => r.pick(['${AWS_SECRET}', '<your key here>', 'YOUR_SECRET_ACCESS_KEY', 'xxxxxxxxxxxxxxxxxxxx'])) },
  'aws-session-token': { positive: keyed('aws_session_token=', of(BASE64, 220)), nearMiss: () => 'aws_session_token=none' },
  'bedrock-api-key': token(spell('ABSK', of(BASE64, 128)), 60),
  'github-token': token(spell((r) => r.pick(['ghp_', 'gho_', 'ghs_']), of(ALNUM, 36))),
  'github-fine-grained-token': token(spell('github_pat_', of(ALNUM, 22), '_', of(ALNUM, 59))),
  'gitlab-token': token(spell('glpat-', of(URLSAFE, 20))),
  'slack-token': token(spell('xoxb-', digits(11), '-', digits(12), '-', of(ALNUM, 24)), 30),
  'slack-webhook': { positive: spell('https://hooks.slack.com/services/T', of(UPPER + DIGITS, 9), '/B', of(UPPER + DIGITS, 9), '/', of(ALNUM, 24)), nearMiss: () => 'https://hooks.slack.com/services/...' },
  'discord-webhook': { positive: spell('https://discord.com/api/webhooks/', digits(18), '/', of(URLSAFE, 68)), nearMiss: () => 'https://discord.com/api/webhooks/{id}/{token}' },
  'stripe-key': token(spell((r) => r.pick(['sk_live_', 'rk_live_', 'sk_test_']), of(ALNUM, 24)), 12),
  'google-api-key': token(spell('AIza', of(URLSAFE, 34), of(ALNUM, 1))),
  'google-oauth': token(spell('GOCSPX-', of(URLSAFE, 28))),
  'azure-storage-key': { positive: spell('AccountName=x;AccountKey=', of(BASE64, 86), '=='), nearMiss: () => 'AccountName=x;AccountKey=<key>' },
  'azure-sas-signature': { positive: spell('&sig=', of(ALNUM, 43), '%3D'), nearMiss: spell('&sig=', of(ALNUM, 12)) },
  'azure-client-secret': token(spell(of(ALNUM, 3), '8Q~', of(ALNUM, 34)), 8),
  'openai-key': token(spell('sk-proj-', of(URLSAFE, 90)), 60),
  'anthropic-key': token(spell('sk-ant-api03-', of(URLSAFE, 93)), 60),
  'openrouter-key': token(spell('sk-or-v1-', of(HEX, 64)), 8),
  'huggingface-token': token(spell('hf_', of(UPPER + LOWER, 34))),
  'groq-key': token(spell('gsk_', of(ALNUM, 52)), 12),
  'xai-key': token(spell('xai-', of(ALNUM, 80)), 20),
  'replicate-token': token(spell('r8_', of(ALNUM, 37))),
  'npm-token': token(spell('npm_', of(ALNUM, 36))),
  'pypi-token': token(spell('pypi-AgEIcHlwaS5vcmc', of(URLSAFE, 120)), 110),
  'rubygems-key': token(spell('rubygems_', of(HEX, 48))),
  'docker-token': token(spell('dckr_pat_', of(URLSAFE, 27)), 10),
  'digitalocean-token': token(spell('dop_v1_', of(HEX, 64))),
  'sendgrid-key': token(spell('SG.', of(URLSAFE, 22), '.', of(URLSAFE, 43))),
  'twilio-key': token(spell('SK', of(HEX, 32))),
  'mailgun-key': token(spell('key-', of(HEX, 32))),
  'mailchimp-key': { positive: spell(of(HEX, 32), '-us', (r) => String(number(r, 1, 22))), nearMiss: spell(of(HEX, 12), '-us5') },
  'shopify-token': token(spell('shpat_', of(HEX, 32))),
  'square-token': token(spell('sq0atp-', of(URLSAFE, 22))),
  'telegram-bot-token': token(spell('7', digits(8), ':AA', of(ALNUM, 33))),
  'vault-token': token(spell('hvs.', of(URLSAFE, 90)), 80),
  'terraform-token': token(spell(of(ALNUM, 14), '.atlasv1.', of(ALNUM, 67)), 20),
  'databricks-token': token(spell('dapi', of(HEX, 32))),
  'newrelic-key': token(spell('NRAK-', of(UPPER + DIGITS, 27))),
  'grafana-token': token(spell('glsa_', of(ALNUM, 32), '_', of(HEX, 8))),
  'sentry-token': token(spell('sntryu_', of(HEX, 64))),
  'linear-key': token(spell('lin_api_', of(ALNUM, 40))),
  'notion-token': token(spell('ntn_', of(ALNUM, 46)), 12),
  'figma-token': token(spell('figd_', of(URLSAFE, 40))),
  'airtable-token': token(spell('pat', of(ALNUM, 14), '.', of(HEX, 64))),
  'atlassian-token': token(spell('ATATT3', of(URLSAFE, 170)), 150),
  'postman-key': token(spell('PMAK-', of(HEX, 24), '-', of(HEX, 34))),
  'doppler-token': token(spell('dp.pt.', of(ALNUM, 43))),
  'fly-token': token(spell('fo1_', of(URLSAFE, 43))),
  'supabase-token': token(spell('sbp_', of(HEX, 40))),
  'planetscale-token': token(spell('pscale_tkn_', of(URLSAFE, 43)), 20),
  'age-secret-key': token(spell('AGE-SECRET-KEY-1', of('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58))),
  jwt: { positive: jwt, nearMiss: (r) => jwt(r).replace('.', '_') },
  'private-key': { positive: pem, nearMiss: (r) => pem(r).replaceAll('PRIVATE', 'PUBLIC') },
  'putty-private-key': { positive: spell('PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n', of(BASE64, 60), '\nPrivate-MAC: ', of(HEX, 64)), nearMiss: () => 'PuTTY-User-Key-File-3: ssh-ed25519' },
  'connection-string': { positive: spell((r) => r.pick(['postgres', 'mysql', 'mongodb+srv', 'redis', 'amqp']), '://app:', password, '@db.example.com/main'), nearMiss: (r) => r.pick(['postgres://app:${DB_PASSWORD}@db.example.com/main', 'postgres://app@db.example.com/main', 'https://example.com:8443/a@b', 'mysql://user:<password>@host/db']) },
  'connection-password': { positive: spell('Server=db;Database=main;User Id=app;Password=', password, ';'), nearMiss: () => 'Server=db;Database=main;Integrated Security=true;' },
  'authorization-header': { positive: spell('Authorization: Bearer ', secretAlnum(40)), nearMiss: (r) => r.pick(['Authorization: Bearer <token>', 'the bearer of this letter', 'Basic understanding of authentication is required']) },
  'password-assignment': { positive: spell((r) => r.pick(['password: ', 'DB_PASSWORD=', '"password": "', 'The password is ']), password), nearMiss: (r) => r.pick(['password: string', 'The password is required', 'password = getPassword()', '"password": "********"', 'DB_PASSWORD=${SECRET}', 'password: "changeme"', 'Password must have 12 characters']) },
  'token-assignment': { positive: spell((r) => r.pick(['api_key: ', 'API_KEY=', '"client_secret": "', 'access_token=', 'secret = ']), secretAlnum(32)), nearMiss: (r) => r.pick([`"key": "${randomUuid(r)}"`, 'api_key: YOUR_API_KEY', 'token: string', 'key = user-profile-settings-2024', 'token_count=1048576', 'primary_key: customer_order_items']) },
  'card-number': { positive: card, nearMiss: (r) => wrong(card(r)) },
  iban: { positive: iban, nearMiss: wrongIban },
  'us-routing-number': { positive: (r) => `routing number: ${completed(`02${digits(6)(r)}`, aba)}`, nearMiss: (r) => `invoice number: ${completed(`02${digits(6)(r)}`, aba)}` },
  'bank-account-number': { positive: spell('account number: ', (r) => `${number(r, 1, 9)}${digits(9)(r)}`), nearMiss: spell('ticket number: ', digits(10)) },
  'uk-sort-code': { positive: spell('Sort code: ', (r) => grouped(digits(6)(r), 2, '-')), nearMiss: (r) => `on ${grouped(digits(6)(r), 2, '-')}` },
  'card-security-code': { positive: spell('CVV: ', digits(3)), nearMiss: spell('room ', digits(3)) },
  'swift-code': { positive: spell('BIC: ', of(UPPER, 6), of(UPPER + DIGITS, 2)), nearMiss: () => 'written in swift and UIKit' },
  'bitcoin-private-key': { positive: wif, nearMiss: (r) => wrong(wif(r), BASE58) },
  'us-ssn': { positive: ssn, nearMiss: (r) => `000-${ssn(r).slice(4)}` },
  'us-ssn-unformatted': { positive: (r) => `SSN ${ssn(r).replaceAll('-', '')}`, nearMiss: (r) => `order ${ssn(r).replaceAll('-', '')}` },
  'us-itin': { positive: spell('ITIN 9', digits(2), '-7', digits(1), '-', digits(4)), nearMiss: spell('ITIN 9', digits(2), '-12-', digits(4)) },
  'uk-nino': { positive: spell((r) => r.pick(['AB', 'CE', 'JK', 'PR']), ' ', (r) => grouped(digits(6)(r), 2), ' ', (r) => r.pick(['A', 'B', 'C', 'D'])), nearMiss: spell('GB ', (r) => grouped(digits(6)(r), 2), ' A') },
  'de-tax-id': { positive: (r) => `Steuer-ID ${germanTaxId(r)}`, nearMiss: (r) => `Steuer-ID ${wrong(germanTaxId(r))}` },
  'fr-nir': { positive: nir, nearMiss: (r) => wrong(nir(r)) },
  'es-dni': { positive: (r) => { const n = digits(8)(r); return n + DNI[Number(n) % 23]; }, nearMiss: (r) => { const n = digits(8)(r); return n + DNI[(Number(n) + 5) % 23]; } },
  'es-nie': { positive: (r) => { const n = digits(7)(r); return `X${n}${DNI[Number(n) % 23]}`; }, nearMiss: (r) => { const n = digits(7)(r); return `X${n}${DNI[(Number(n) + 3) % 23]}`; } },
  'it-fiscal-code': { positive: fiscalCode, nearMiss: (r) => wrong(fiscalCode(r), UPPER) },
  'nl-bsn': { positive: (r) => `BSN: ${completed(`${number(r, 1, 9)}${digits(7)(r)}`, bsn)}`, nearMiss: (r) => `BSN: ${wrong(completed(`${number(r, 1, 9)}${digits(7)(r)}`, bsn))}` },
  'pl-pesel': { positive: (r) => `PESEL ${completed(birth(r) + digits(4)(r), pesel)}`, nearMiss: (r) => `PESEL ${wrong(completed(birth(r) + digits(4)(r), pesel))}` },
  'se-personal-number': { positive: personnummer, nearMiss: (r) => wrong(personnummer(r)) },
  'br-cpf': { positive: cpf, nearMiss: (r) => wrong(cpf(r)) },
  'in-aadhaar': { positive: (r) => grouped(completed(`${number(r, 2, 9)}${digits(10)(r)}`, verhoeff), 4), nearMiss: (r) => grouped(wrong(completed(`${number(r, 2, 9)}${digits(10)(r)}`, verhoeff)), 4) },
  'in-aadhaar-unformatted': { positive: (r) => `Aadhaar ${completed(`${number(r, 2, 9)}${digits(10)(r)}`, verhoeff)}`, nearMiss: (r) => `Aadhaar ${wrong(completed(`${number(r, 2, 9)}${digits(10)(r)}`, verhoeff))}` },
  'in-pan': { positive: spell('PAN: ', of(UPPER, 3), 'P', of(UPPER, 1), digits(4), of(UPPER, 1)), nearMiss: () => 'a frying pan: LARGE' },
  'ca-sin': { positive: (r) => `SIN ${grouped(completed(`${number(r, 1, 8)}${digits(7)(r)}`, luhn), 3)}`, nearMiss: (r) => `SIN ${grouped(wrong(completed(`${number(r, 1, 8)}${digits(7)(r)}`, luhn)), 3)}` },
  'au-tfn': { positive: (r) => `TFN ${grouped(completed(`${number(r, 1, 9)}${digits(7)(r)}`, tfn), 3)}`, nearMiss: (r) => `TFN ${grouped(wrong(completed(`${number(r, 1, 9)}${digits(7)(r)}`, tfn)), 3)}` },
  'passport-number': { positive: spell('Passport number: ', of(UPPER, 1), digits(8)), nearMiss: () => 'Passport number: required' },
  'drivers-license': { positive: spell("Driver's license number: ", of(UPPER, 1), digits(7)), nearMiss: () => "Driver's license number: required" },
  'date-of-birth': { positive: spell('Date of birth: ', (r) => `${number(r, 1, 29)}/${number(r, 1, 13)}/19${digits(2)(r)}`), nearMiss: (r) => `released on ${number(r, 1, 29)}/${number(r, 1, 13)}/19${digits(2)(r)}` },
  'email-address': { positive: spell(of(LOWER, 6), '.', of(LOWER, 5), '@', of(LOWER, 6), '.com'), nearMiss: spell('@', of(LOWER, 6), '/', of(LOWER, 5)) },
  'phone-number': { positive: spell('+49 170 ', digits(7)), nearMiss: spell('+', digits(3)) },
  'us-phone-number': { positive: (r) => `${number(r, 2, 9)}${digits(2)(r)}-${number(r, 2, 9)}${digits(2)(r)}-${digits(4)(r)}`, nearMiss: (r) => `0${digits(2)(r)}-${number(r, 2, 9)}${digits(2)(r)}-${digits(3)(r)}` },
  'labelled-phone-number': { positive: spell('Phone: 0', digits(3), ' ', digits(6)), nearMiss: () => 'Phone: see below' },
  'street-address': { positive: spell('Address: ', (r) => String(number(r, 1, 999)), ' Green Hill Road, Springfield'), nearMiss: () => 'Address: not given' },
  'uk-nhs-number': { positive: (r) => completed(`4${digits(8)(r)}`, nhs).replace(/(...)(...)(....)/, '$1 $2 $3'), nearMiss: (r) => wrong(completed(`4${digits(8)(r)}`, nhs)).replace(/(...)(...)(....)/, '$1 $2 $3') },
  'uk-nhs-number-unformatted': { positive: (r) => `NHS number ${completed(`4${digits(8)(r)}`, nhs)}`, nearMiss: (r) => `NHS number ${wrong(completed(`4${digits(8)(r)}`, nhs))}` },
  'us-npi': { positive: (r) => `NPI ${completed(`1${digits(8)(r)}`, (text) => luhn(`80840${text}`))}`, nearMiss: (r) => `NPI ${wrong(completed(`1${digits(8)(r)}`, (text) => luhn(`80840${text}`)))}` },
  'us-dea-number': { positive: (r) => `DEA number: B${of(UPPER, 1)(r)}${dea(r)}`, nearMiss: (r) => `DEA number: B${of(UPPER, 1)(r)}${wrong(dea(r))}` },
  'us-medicare-number': { positive: (r) => `${number(r, 1, 9)}${of('ACDEFGHJKMNPQRTUVWXY', 1)(r)}${digits(2)(r)}-${of('ACDEFGHJKMNPQRTUVWXY', 1)(r)}${digits(2)(r)}-${of('ACDEFGHJKMNPQRTUVWXY', 2)(r)}${digits(2)(r)}`, nearMiss: spell('3', of('SLOIBZ', 3), '-', digits(3)) },
  'medical-record-number': { positive: spell('MRN: ', digits(8)), nearMiss: () => 'Patient: waiting' },
  'health-insurance-id': { positive: spell('Member ID: ', of(UPPER, 3), digits(9)), nearMiss: () => 'Member ID: pending' },
  'diagnosis-code': { positive: spell('ICD-10: ', (r) => `${of('ABCDEFGHJKLMN', 1)(r)}${digits(2)(r)}.${digits(1)(r)}`), nearMiss: () => 'diagnosis: healthy' },
};
