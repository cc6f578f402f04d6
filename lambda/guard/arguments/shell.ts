import type { ShellRules } from './rules';

/** What starts another command, or puts the output of one somewhere. */
const METACHARACTERS = /[;&|`<>\n\r\0]|\$\(|\$\{|\(\)\s*\{|\$'|!!|\b(?:eval|exec|source)\s/;

/** Programs that run what they are given, and so are no program of an allow-list. */
const WRAPPERS: ReadonlySet<string> = new Set(['sudo', 'env', 'xargs', 'nohup', 'timeout', 'nice', 'watch', 'sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'pwsh', 'powershell', 'cmd', 'busybox', 'doas', 'su', 'setsid', 'stdbuf', 'nsenter', 'chroot', 'unshare']);

/** What is wrong with a command line, in a few words; `undefined` where nothing is: one program, with plain arguments. */
export function shellProblem(value: string, { programs }: ShellRules = {}): string | undefined {
  if (METACHARACTERS.test(withoutQuoted(value))) return 'must be one command, without shell metacharacters';
  const [program = ''] = value.trim().split(/\s+/);
  if (/^\w+=/.test(program)) return 'must not set variables';
  const name = program.replaceAll(/["'\\]/g, '').split('/').at(-1) ?? '';
  if (programs !== undefined && !programs.includes(program)) return 'must begin with a program that is allowed';
  return programs === undefined && WRAPPERS.has(name) ? 'must not begin with a program that runs others' : undefined;
}

/** Without what stands in single quotes, where a shell reads nothing else. A quote without its partner hides nothing. */
function withoutQuoted(value: string): string {
  return value.replaceAll(/'[^']*'/g, "''");
}
