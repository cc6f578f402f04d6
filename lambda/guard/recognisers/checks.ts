import { createHash } from 'node:crypto';
import { isCredential, isPassword } from './credentials';

/** What a datum must satisfy beside its pattern: check digits as its issuer defines them, and what tells a credential from a word. */
export const CHECKS = {
  luhn: (text: string) => luhn(digits(text)),
  card: (text: string) => isCardNumber(digits(text)),
  iban: (text: string) => isIban(text.replaceAll(' ', '')),
  aba: (text: string) => weighted(text, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && /^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(text),
  ssn: (text: string) => isSocialSecurityNumber(digits(text)),
  'de-tax-id': (text: string) => isGermanTaxId(digits(text)),
  'fr-nir': (text: string) => isFrenchNir(text.replaceAll(' ', '')),
  'es-dni': (text: string) => isSpanishId(text.replaceAll('-', '')),
  'it-fiscal-code': (text: string) => isItalianFiscalCode(text),
  'nl-bsn': (text: string) => (weighted(text, [9, 8, 7, 6, 5, 4, 3, 2]) - Number(text[8])) % 11 === 0 && Number(text) > 0,
  'pl-pesel': (text: string) => (weighted(text, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) + Number(text[10])) % 10 === 0 && isMonth(Number(text.slice(2, 4)) % 20),
  'se-personal-number': (text: string) => isSwedishPersonalNumber(text),
  'br-cpf': (text: string) => isBrazilianCpf(digits(text)),
  verhoeff: (text: string) => isVerhoeff(digits(text)),
  'au-tfn': (text: string) => isAustralianTfn(digits(text)),
  'uk-nhs': (text: string) => isNhsNumber(digits(text)),
  'us-npi': (text: string) => luhn(`80840${text}`),
  'us-dea': (text: string) => isDeaNumber(text),
  phone: (text: string) => digits(text).length >= 8 && digits(text).length <= 15,
  'has-digits': (text: string) => digits(text).length >= 4,
  jwt: (text: string) => isJwt(text),
  base58check: (text: string) => isBase58Check(text),
  password: (text: string) => isPassword(text),
  token: (text: string) => isCredential(text),
} as const satisfies Readonly<Record<string, (datum: string) => boolean>>;

export type CheckName = keyof typeof CHECKS;

function digits(text: string): string {
  return text.replaceAll(/\D/g, '');
}

function weighted(text: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * Number(text[i]), 0);
}

function isMonth(month: number): boolean {
  return month >= 1 && month <= 12;
}

/** ISO/IEC 7812-1, annex B. */
export function luhn(number: string): boolean {
  let sum = 0;
  for (let i = 0; i < number.length; i++) {
    const digit = Number(number[number.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit < 5 ? 2 * digit : 2 * digit - 9;
  }
  return sum % 10 === 0;
}

/** Issuer ranges, with the lengths of their numbers. */
const CARDS: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 19]],
  [/^3(?:0[0-5]|[689])/, [14, 16]],
  [/^62/, [16, 17, 18, 19]],
];

function isCardNumber(number: string): boolean {
  return CARDS.some(([range, lengths]) => lengths.includes(number.length) && range.test(number)) && luhn(number) && !/^(\d)\1+$/.test(number);
}

/** Lengths of the countries in the SWIFT IBAN registry. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  `AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27
  GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28
  PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 13616-1: the number rearranged is 1 modulo 97. */
function isIban(iban: string): boolean {
  if (IBAN_LENGTHS[iban.slice(0, 2)] !== iban.length) return false;
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Numbers that the Social Security Administration never issues are none; neither are those of its well-known samples. */
function isSocialSecurityNumber(number: string): boolean {
  return !/^(?:000|666|9)/.test(number) && number.slice(3, 5) !== '00' && number.slice(5) !== '0000' && !['078051120', '219099999', '123456789'].includes(number) && !/^(\d)\1+$/.test(number);
}

/** ISO 7064 MOD 11,10; one digit of the first ten occurs two or three times. */
function isGermanTaxId(number: string): boolean {
  if (number.startsWith('0')) return false;
  const counts = new Map<string, number>();
  for (const digit of number.slice(0, 10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  if (counts.size < 8 || counts.size > 9) return false;
  let product = 10;
  for (const digit of number.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (2 * sum) % 11;
  }
  return (11 - product) % 10 === Number(number[10]);
}

function isFrenchNir(number: string): boolean {
  const body = number.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return /^\d{13}$/.test(body) && 97 - (Number(body) % 97) === Number(number.slice(13));
}

function isSpanishId(id: string): boolean {
  const number = id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === id.at(-1);
}

const FISCAL_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function isItalianFiscalCode(code: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const value = /\d/.test(code[i]!) ? Number(code[i]) : code.charCodeAt(i) - 65;
    sum += i % 2 === 0 ? FISCAL_ODD[value]! : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

function isSwedishPersonalNumber(text: string): boolean {
  const number = digits(text).slice(-10);
  return isMonth(Number(number.slice(2, 4))) && Number(number.slice(4, 6)) % 60 >= 1 && Number(number.slice(4, 6)) % 60 <= 31 && luhn(number);
}

function isBrazilianCpf(number: string): boolean {
  if (/^(\d)\1+$/.test(number)) return false;
  const check = (length: number) => {
    let sum = 0;
    for (let i = 0; i < length; i++) sum += (length + 1 - i) * Number(number[i]);
    return ((sum * 10) % 11) % 10;
  };
  return check(9) === Number(number[9]) && check(10) === Number(number[10]);
}

/** The dihedral group of order ten, as Verhoeff's scheme multiplies and permutes. */
const MULTIPLY = ['0123456789', '1234067895', '2340178956', '3401289567', '4012395678', '5987604321', '6598710432', '7659821043', '8765932104', '9876543210'];
const PERMUTE = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258'];

function isVerhoeff(number: string): boolean {
  let check = 0;
  for (let i = 0; i < number.length; i++) check = Number(MULTIPLY[check]![Number(PERMUTE[i % 8]![Number(number[number.length - 1 - i])])]);
  return check === 0;
}

function isAustralianTfn(number: string): boolean {
  return number.length === 9 && weighted(number, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 && Number(number) > 0;
}

function isNhsNumber(number: string): boolean {
  const check = (11 - (weighted(number, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === Number(number[9]) && !/^(\d)\1+$/.test(number);
}

function isDeaNumber(text: string): boolean {
  const [a, b, c, d, e, f, check] = [...text.slice(2)].map(Number) as [number, number, number, number, number, number, number];
  return (a + c + e + 2 * (b + d + f)) % 10 === check;
}

/** RFC 7519: the first part is JSON that names an algorithm or a type. */
function isJwt(text: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(text.slice(0, text.indexOf('.')), 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && ('alg' in header || 'typ' in header);
  } catch {
    return false;
  }
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function isBase58Check(text: string): boolean {
  let number = 0n;
  for (const character of text) number = number * 58n + BigInt(BASE58.indexOf(character));
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const sha256 = (data: Buffer) => createHash('sha256').update(data).digest();
  return bytes.length > 4 && sha256(sha256(bytes.subarray(0, -4))).subarray(0, 4).equals(bytes.subarray(-4));
}
