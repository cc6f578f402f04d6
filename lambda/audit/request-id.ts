import { randomUUID } from 'node:crypto';
import type { PlainText } from './plain-text';

const LENGTH = 36;
const COUNT = 64;
let texts = '';
let used = COUNT;

/** A random UUID. Many are written as one text, because a text that was put together of many is slow to read for the first time. */
export function newRequestId(): PlainText {
  if (used === COUNT) {
    texts = Array.from({ length: COUNT }, () => randomUUID()).join('');
    used = 0;
  }
  used += 1;
  return texts.slice((used - 1) * LENGTH, used * LENGTH) as PlainText;
}
