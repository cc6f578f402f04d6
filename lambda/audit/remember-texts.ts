/** More of them are not worth their memory. */
const MAX_TEXTS = 4_096;

/**
 * `write`, which remembers what it made of texts of at most `maxLength` characters: names of servers, tools, principals and policies come
 * again and again.
 */
export function rememberTexts(write: (text: string) => string, maxLength: number): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let written = known.get(text);
    if (written !== undefined) return written;
    written = write(text);
    if (text.length > maxLength) return written;
    if (known.size >= MAX_TEXTS) known.clear();
    known.set(text, written);
    return written;
  };
}
