import { entropyOf } from './entropy';

/** What stands where a secret would, and is none. */
const PLACEHOLDER =
  /^(?:[x*.•_-]+|[<[{(].*|\$.*|%.*|.*\.\.\.|.*…|your.*|my[_-]?(?:secret|password|token|key).*|.*example.*|.*placeholder.*|.*redacted.*|change[_-]?me.*|insert.*|enter.*|replace.*|dummy.*|sample.*|test|null|none|nil|true|false|undefined|required|optional|string|number|boolean|secret|password|passwd|incorrect|invalid|expired|missing|hidden|masked|empty|unknown|process\.env.*|os\.(?:environ|getenv).*|env\[.*|getenv.*)$/i;

/** An identifier, a path, an address: code and prose, no secret. */
const NAME = /^(?:[A-Za-z_$][A-Za-z_$]*(?:(?:\.|::|->)[A-Za-z_$]+)*|[~.]{0,2}\/.*|[A-Za-z]:\\.*|[a-z]+:\/\/.*|\d{1,6}|\d{4}-\d{2}-\d{2}.*|[\w.+-]+@[\w.-]+)$/;

/** Tells a password from a placeholder, a word of prose or a name in code. */
export function isPassword(text: string): boolean {
  const value = text.replace(/[.,:;!?]+$/, '');
  if (value.length < 3 || PLACEHOLDER.test(value) || NAME.test(value)) return false;
  return kindsOf(value) >= 2;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Tells a random token from a name, a path, a date or an identifier. */
export function isCredential(text: string): boolean {
  const value = text.replace(/[.,:;!?]+$/, '');
  if (value.length < 16 || PLACEHOLDER.test(value) || NAME.test(value) || UUID.test(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value) || isSlug(value)) return false;
  return entropyOf(value) >= (value.length < 24 ? 3.2 : 3);
}

/** Small letters, capitals within a word, digits, and all else. */
function kindsOf(value: string): number {
  return Number(/[a-z]/.test(value)) + Number(/.[A-Z]/.test(value)) + Number(/\d/.test(value)) + Number(/[^A-Za-z0-9]/.test(value));
}

/** Words, numbers and dates joined by hyphens, dots or the like: `my-report-2024-final`. */
function isSlug(value: string): boolean {
  const parts = value.split(/[-_./+~=]+/).filter((part) => part !== '');
  return parts.length >= 3 && parts.every((part) => /^(?:[A-Za-z]{1,14}\d{0,2}|\d{1,8}|v\d+)$/.test(part) && entropyOf(part) < 3.4);
}
