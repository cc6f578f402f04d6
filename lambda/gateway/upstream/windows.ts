import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { win32 } from 'node:path';

/** What a child process is started with. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are escaped already. */
  readonly windowsVerbatimArguments?: boolean;
}

const DEFAULT_PATHEXT = '.COM;.EXE;.BAT;.CMD';
const SCRIPT = /\.(?:cmd|bat)$/i;
/** Scripts that npm makes hand their arguments to another one, which reads them again. */
const NPM_SCRIPT = /node_modules[\\/]\.bin[\\/][^\\/]+\.cmd$/i;
/** What cmd.exe reads as something else than text. */
const SPECIAL = /([()\][%!^"`<>&|;, *?])/g;

/**
 * How `command` is started on Windows, where `npx` is the script `npx.cmd`, which only cmd.exe runs. A program is looked for
 * in the folders of PATH, and not in the current one.
 *
 * @param environment what the child gets
 * @param cwd what a path is relative to
 */
export function launchOnWindows(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  cwd: string,
  exists: (path: string) => boolean = existsSync,
): Launch {
  const valueOf = (name: string) => Object.entries(environment).find(([key]) => key.toUpperCase() === name)?.[1];
  const extensions = (valueOf('PATHEXT') ?? DEFAULT_PATHEXT).split(';').filter((extension) => extension !== '');
  const folders = /[\\/]/.test(command) ? [cwd] : (valueOf('PATH') ?? '').split(';').filter((folder) => win32.isAbsolute(folder));
  const endings = extensions.some((extension) => command.toLowerCase().endsWith(extension.toLowerCase())) ? ['', ...extensions] : extensions;
  const program = folders.flatMap((folder) => endings.map((ending) => win32.resolve(folder, `${command}${ending}`))).find(exists);
  if (program === undefined || !SCRIPT.test(program)) return { file: program ?? command, args };
  const times = NPM_SCRIPT.test(program) ? 2 : 1;
  const line = [program.replace(SPECIAL, '^$1'), ...args.map((argument) => escapeArgument(argument, times))].join(' ');
  return { file: win32.join(valueOf('SYSTEMROOT') ?? 'C:\\Windows', 'System32', 'cmd.exe'), args: ['/d', '/s', '/c', `"${line}"`], windowsVerbatimArguments: true };
}

/** First as programs split their command line, then as cmd.exe reads it. */
function escapeArgument(argument: string, times: number): string {
  let escaped = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
  for (let time = 0; time < times; time += 1) escaped = escaped.replace(SPECIAL, '^$1');
  return escaped;
}

/** Ends a process and all that it started, as far as Windows knows of it; false where it is gone. */
export function endTreeOnWindows(pid: number): boolean {
  const taskkill = win32.join(process.env.SYSTEMROOT ?? 'C:\\Windows', 'System32', 'taskkill.exe');
  return spawnSync(taskkill, ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true, timeout: 5_000 }).status === 0;
}
