import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { endTreeOnWindows } from './windows';

/**
 * Process groups that must not outlive the gateway. Each child leads a group of its own, so that what it starts ends
 * with it. Guaranteed when the gateway ends by itself, by an uncaught error, or by SIGINT, SIGTERM or SIGHUP; when it
 * is killed outright, the watchdog ends the groups. A grandchild that leaves the group by `setsid` is out of reach.
 * Windows has no groups: there a child is ended with what it started while it lives itself, and there is no watchdog.
 */
const groups = new Set<number>();
const FATAL_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let watchdog: ChildProcess | undefined;

/** Reads `+pid` and `-pid` lines; when the gateway is gone, the input ends, and what is left on the list is killed. */
const WATCHDOG_SCRIPT = `
groups=' '
while read -r line; do
  pid=\${line#?}
  case $line in
    +*) groups="$groups$pid " ;;
    -*) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -9 "-$pid"; done 2>/dev/null
`;

export function guardGroup(pid: number): void {
  if (groups.size === 0) {
    process.on('exit', killGroups);
    for (const signal of FATAL_SIGNALS) process.on(signal, endBySignal);
  }
  groups.add(pid);
  tellWatchdog(`+${pid}`);
}

/** Kills what is left of the group and forgets it. */
export function endGroup(pid: number): void {
  if (!groups.delete(pid)) return;
  // On Windows the child has to live for what it started to be found.
  if (process.platform !== 'win32') signalGroup(pid, 'SIGKILL');
  if (groups.size > 0) {
    tellWatchdog(`-${pid}`);
    return;
  }
  process.off('exit', killGroups);
  for (const signal of FATAL_SIGNALS) process.off(signal, endBySignal);
  watchdog?.stdin?.end();
  watchdog = undefined;
}

/** False when no process of the group is left. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.platform === 'win32' ? endTreeOnWindows(pid) : process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function killGroups(): void {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
}

/** A listener takes the default action away: without another one that acts on the signal, end as Node would have. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killGroups();
  process.off(signal, endBySignal);
  process.kill(process.pid, signal);
}

function tellWatchdog(line: string): void {
  if (process.platform === 'win32') return;
  if (watchdog === undefined) startWatchdog();
  else watchdog.stdin?.write(`${line}\n`);
}

function startWatchdog(): void {
  const child = spawn('/bin/sh', ['-c', WATCHDOG_SCRIPT], { detached: true, env: {}, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
  const forget = () => {
    if (watchdog === child) watchdog = undefined;
  };
  child.on('error', forget).on('exit', forget);
  child.stdin.on('error', forget);
  child.unref();
  (child.stdin as Socket).unref();
  for (const pid of groups) child.stdin.write(`+${pid}\n`);
  watchdog = child;
}
