/** A tar archive (POSIX ustar) that depends on nothing but names, modes and contents: owner root, time 0, entries in order of their names. */

const BLOCK = 512;

/**
 * @param {readonly { path: string, mode: number, content?: Buffer }[]} entries without a content: a folder
 * @returns {Buffer}
 */
export function tarOf(entries) {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts = sorted.flatMap(({ path, mode, content }) => {
    const isFolder = content === undefined;
    const header = headerOf(isFolder ? `${path}/` : path, mode, isFolder ? '5' : '0', content?.length ?? 0);
    return isFolder ? [header] : [header, content, Buffer.alloc(-content.length & (BLOCK - 1))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(name, mode, type, size) {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} is longer than a name in this archive may be`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value, at, length) => header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  header.write(name, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8); // owner: root
  octal(0, 116, 8); // group: root
  octal(size, 124, 12);
  octal(0, 136, 12); // modified: 1970
  header.write('        ', 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
