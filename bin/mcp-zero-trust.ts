import { runCommandLine } from './command-line';

void runCommandLine(process.argv);
