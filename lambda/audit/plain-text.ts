declare const plain: unique symbol;

/**
 * A text of visible ASCII and spaces without quotes and backslashes: in JSON, at a terminal and in a log it is what it looks like (LOG-1), and
 * who writes it need not look at it again. What the gateway makes itself is such a text.
 */
export type PlainText = string & { readonly [plain]: true };

const PLAIN = /^[ !#-[\]-~]*$/;

export function isPlainText(text: string): text is PlainText {
  return PLAIN.test(text);
}
