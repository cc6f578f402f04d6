/** How the root file system is run where there is no container engine: by bubblewrap, under the restrictions of the manifests (Pod Security "restricted"). */

/**
 * Arguments of `bwrap`: root read-only, own processes, users, IPC and host name, no capabilities, not root, no new privileges (bubblewrap
 * always sets that), an environment of its own. The network is the caller's.
 *
 * @param {{ rootfs: string, run: ReturnType<import('./dockerfile.mjs').readDockerfile>, environment?: Readonly<Record<string, string>>, command?: readonly string[] }} options
 * @returns {string[]}
 */
export function sandboxArguments({ rootfs, run, environment = {}, command = run.command }) {
  const [user, group] = run.user.split(':');
  const variables = [...run.environment.map((text) => text.split('=')), ...Object.entries(environment)];
  return [
    ...['--ro-bind', rootfs, '/', '--proc', '/proc', '--dev', '/dev', '--remount-ro', '/dev', '--remount-ro', '/proc', '--chdir', run.folder],
    ...['--unshare-all', '--share-net', '--as-pid-1', '--die-with-parent', '--new-session', '--hostname', 'gateway'],
    ...['--uid', user, '--gid', group, '--cap-drop', 'ALL', '--clearenv'],
    ...variables.flatMap(([name, value]) => ['--setenv', name, value]),
    '--',
    ...command,
  ];
}
