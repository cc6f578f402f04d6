/** Why a file cannot be read, as the end of a sentence about it. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'EISDIR' ? 'this is a folder, expected a file' : `cannot be read (${code})`;
}
