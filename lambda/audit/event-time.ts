import type { PlainText } from './plain-text';

let second = NaN;
let upToSecond = '';
let written = NaN;
let text = '' as PlainText;

/** The milliseconds since the epoch of a time that `writeTime` wrote. */
export function readTime(time: string): number {
  return time.length === 24 && time.startsWith(upToSecond) && upToSecond !== '' ? second * 1_000 + Number(time.slice(20, 23)) : Date.parse(time);
}

/** `new Date(at).toISOString()`, in a tenth of the time where one time follows the other within a second. @param at Milliseconds since the epoch */
export function writeTime(at: number): PlainText {
  if (at === written) return text;
  const wholeSecond = Math.floor(at / 1_000);
  if (wholeSecond !== second) {
    upToSecond = new Date(wholeSecond * 1_000).toISOString().slice(0, -4);
    second = wholeSecond;
  }
  text = `${upToSecond}${String(Math.floor(at) - wholeSecond * 1_000).padStart(3, '0')}Z` as PlainText;
  written = at;
  return text;
}
