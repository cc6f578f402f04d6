import { execFileSync } from 'node:child_process';
import { platform } from 'node:process';

/** Programs that the range runs, and the packages of Debian that hold them. */
const PROGRAMS = ['ip', 'nft', 'dnsmasq', 'haproxy', 'python3'];
const PACKAGES = 'iproute2 nftables dnsmasq-base haproxy python3';

/** What keeps the range from being built here, in one sentence; undefined where nothing does. */
export function whatIsMissing(): string | undefined {
  if (platform !== 'linux') return 'The range needs the network namespaces of Linux.';
  if (process.getuid?.() !== 0) return 'The range needs root: it makes network namespaces of its own, and nothing outside of them.';
  const missing = PROGRAMS.filter((program) => !runs(program));
  if (missing.length > 0) return `The range needs ${missing.join(', ')}; on Debian: apt-get install ${PACKAGES}`;
  return undefined;
}

function runs(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
