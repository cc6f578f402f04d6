import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this package: policies/, demo/ and schema/ lie in it, whether the code runs bundled or from source. */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
