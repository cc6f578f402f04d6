import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { createPinoSink, openChainedLog, type AuditSink, type WriterAuthority } from '../audit';
import { standardOutput } from '../audit/kept-output';
import type { Environment } from './environment';

/** How a deployed function or container writes its audit events. */
export interface AuditLogSettings {
  /** ARN of the KMS key (`ECC_NIST_P256`) that certifies writers. @default - lines are neither chained nor signed */
  readonly keyArn?: string;
  /** How long an event waits for a checkpoint, milliseconds. @default - until `settle` is called */
  readonly checkpointMs?: number;
}

/** A process outside of AWS Lambda has timers, and signs no more often than this. */
const CHECKPOINT_MS = 1_000;

export function readAuditLogSettings(environment: Environment): AuditLogSettings {
  return { keyArn: environment.MCP_AUDIT_KEY_ARN, checkpointMs: environment.AWS_LAMBDA_FUNCTION_NAME === undefined ? CHECKPOINT_MS : undefined };
}

/** The audit events of this process, one JSON object a line of its log. */
export interface AuditLog {
  /** Gets the event of each request. Its `flush` is `settle`. */
  readonly sink: AuditSink;
  /** Keeps any other event: a JSON object, in one line. */
  write(line: string): void;
  /** To be called before the process may be frozen: signs what is not signed yet, unless a timer does. */
  settle(): void;
  /** Signs the end. */
  close(): void;
}

/**
 * Begins to write. Where there is a key, each line says where in this writer's chain it belongs, and the first one is signed with the key
 * (LOG-4), so that what CloudWatch Logs, Data Firehose and S3 keep can be verified wherever it was.
 *
 * @param put gets each line without a line feed. @default - standard output, written before it returns, because a function is frozen between requests
 * @throws where the key does not sign: the function must not start
 */
export async function openAuditLog({ keyArn, checkpointMs }: AuditLogSettings, put = toStandardOutput(), kms?: KMSClient): Promise<AuditLog> {
  const log = keyArn === undefined ? undefined : await openChainedLog({ write: put, authority: kmsAuthority(kms ?? new KMSClient({}), keyArn), checkpointMs });
  const write = (line: string) => (log === undefined ? put(line.trimEnd()) : log.append(line));
  const settle = () => {
    if (checkpointMs === undefined) log?.checkpoint();
  };
  const requests = createPinoSink({ destination: { write } });
  return {
    sink: {
      write: (event) => requests.write(event),
      async flush() {
        settle();
        standardOutput().flush();
      },
      // On a full disk, lines wait in memory: what cannot be recorded is not served.
      ready: () => standardOutput().ready(),
    },
    write,
    settle,
    close: () => log?.close(),
  };
}

function kmsAuthority(client: KMSClient, KeyId: string): WriterAuthority {
  return {
    async sign(bytes) {
      const { Signature } = await client.send(new SignCommand({ KeyId, Message: bytes, MessageType: 'RAW', SigningAlgorithm: 'ECDSA_SHA_256' }));
      if (Signature === undefined) throw new Error('KMS gave no signature for the audit log');
      return Signature;
    },
  };
}

function toStandardOutput(): (line: string) => void {
  const output = standardOutput();
  return (line) => output.write(`${line}\n`);
}
