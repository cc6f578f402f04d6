import type { PatternElem } from '@cedar-policy/cedar-wasm/nodejs';

/** Whether a text matches one pattern of Cedar's `like`. */
export type TextTest = (text: string) => boolean;

/** In time linear in the text for each of the pattern's pieces: the earliest place of a piece is never a worse one. */
export function likeTest(pattern: readonly PatternElem[]): TextTest {
  const pieces: string[] = [''];
  for (const element of pattern) {
    if (element === 'Wildcard') pieces.push('');
    else pieces[pieces.length - 1] += element.Literal;
  }
  if (pieces.length === 1) return (text) => text === pieces[0];
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let position = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, position);
      if (found === -1 || found + piece.length > end) return false;
      position = found + piece.length;
    }
    return true;
  };
}
