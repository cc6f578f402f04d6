declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A server that speaks DynamoDB's protocol, on files or in memory. */
  export default function dynalite(options?: {
    /** Folder of its files. @default - memory */
    readonly path?: string;
    /** How long a table takes to come into being, milliseconds. @default 500 */
    readonly createTableMs?: number;
  }): Server;
}
