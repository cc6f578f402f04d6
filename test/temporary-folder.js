const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Gives a run of the tests a folder for temporary files, the CDK's among them, that goes when the run does, whatever came of it. */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'mzt-'));
  process.env.TMPDIR = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  // A signal alone would end the process without that.
  for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]]) process.once(signal, () => process.exit(128 + number));
};
