import { launchOnWindows } from '../../../lambda/gateway/upstream/windows';

const environment = { Path: 'C:\\Program Files\\nodejs;C:\\tools;relative', SYSTEMROOT: 'C:\\Windows' };
const FILES = ['C:\\Program Files\\nodejs\\npx.cmd', 'C:\\Program Files\\nodejs\\node.EXE', 'C:\\tools\\npx.EXE', 'C:\\work\\node_modules\\.bin\\server.CMD', 'C:\\work\\relative\\evil.EXE', 'C:\\work\\here.EXE'];
const launch = (command: string, ...args: string[]) => launchOnWindows(command, args, environment, 'C:\\work', (path) => FILES.some((file) => file.toLowerCase() === path.toLowerCase()));

describe('a server on Windows', () => {
  it('that is a program is started as it is, from the folders of PATH', () => {
    expect(launch('node', 'server.js', 'a b')).toEqual({ file: 'C:\\Program Files\\nodejs\\node.EXE', args: ['server.js', 'a b'] });
    expect(launch('.\\here', 'x')).toEqual({ file: 'C:\\work\\here.EXE', args: ['x'] });
  });

  it('that is a script, as npx is, is started by cmd.exe, which reads nothing in its arguments', () => {
    expect(launch('npx', '-y', 'server', 'a & calc', '100%', 'say "hi"\\')).toEqual({
      file: 'C:\\Windows\\System32\\cmd.exe',
      args: ['/d', '/s', '/c', '"C:\\Program^ Files\\nodejs\\npx.CMD ^"-y^" ^"server^" ^"a^ ^&^ calc^" ^"100^%^" ^"say^ \\^"hi\\^"\\\\^""'],
      windowsVerbatimArguments: true,
    });
  });

  it('that is a script of npm has its arguments escaped for both scripts', () => {
    expect(launch('node_modules\\.bin\\server', 'a&b').args.at(-1)).toBe('"C:\\work\\node_modules\\.bin\\server.CMD ^^^"a^^^&b^^^""');
  });

  it('is not looked for in the current folder, nor in a relative one', () => {
    expect(launch('here')).toEqual({ file: 'here', args: [] });
    expect(launch('evil')).toEqual({ file: 'evil', args: [] });
  });
});
