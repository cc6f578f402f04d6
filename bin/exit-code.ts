/** What the command line ends with; every `--help` says so too. */
export const ExitCode = {
  OK: 0,
  /** A check found something, or something was refused. */
  FINDING: 1,
  /** A wrong option, a wrong configuration, or something that does not start. */
  USAGE: 2,
  /** As a shell says of a program that SIGPIPE ended. */
  READER_GONE: 141,
} as const;

export const EXIT_CODES_HELP = `
Exit codes:
  0  all went well
  1  a check found something, or something was refused
  2  a wrong option, a wrong configuration, or a server that does not start
  141  whoever read the output, such as head, went before its end`;
