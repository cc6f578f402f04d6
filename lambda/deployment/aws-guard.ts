import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { readArgumentRules } from '../authorization/argument-rules';
import { compileArgumentRulesOf } from '../authorization/compile-argument-rules';
import { guardOf, readRecognisers, type DlpService, type DlpSettings, type GuardSettings, type RecogniserFile, type ServerGuard, type ServerGuardOptions } from '../guard';
import { createBedrockGuardrailDlp } from '../guard/dlp/aws-bedrock-guardrails';
import { createComprehendDlp } from '../guard/dlp/aws-comprehend';
import { isJsonObject } from '../protocol';
import { createLambdaDlp } from './aws-guard-lambda';

/** A guard as the proxy's environment names it: its rules in an object of Amazon S3, and whom to ask beside. */
export interface DataGuardSettings {
  readonly bucket: string;
  readonly key: string;
  readonly dlp?: DlpSettings;
  /** Bus that findings go to. @default - they stay in the audit trail and the metrics */
  readonly eventBus?: string;
}

/** The object: settings, and files of recognisers. */
interface GuardDocument extends GuardSettings {
  readonly recognisers?: readonly unknown[];
}

/**
 * The guard of a deployed server.
 *
 * @throws where its rules cannot be read or enforced: the function must not start
 */
export async function startDataGuard(
  server: string,
  { bucket, key, dlp }: DataGuardSettings,
  { tokenKey, onReport, s3 = new S3Client({}) }: { readonly tokenKey: Uint8Array; readonly onReport: ServerGuardOptions['onReport']; readonly s3?: S3Client },
): Promise<ServerGuard> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const document: unknown = JSON.parse((await Body?.transformToString()) ?? '');
  if (!isJsonObject(document)) throw new Error(`the rules of the guard of server ${server} must be a JSON object`);
  const { recognisers = [], ...settings } = document as unknown as GuardDocument;
  const files: readonly RecogniserFile[] = recognisers.map(readRecognisers);
  return guardOf(server, { ...settings, dlp: dlp ?? settings.dlp }, { recognisers: files, tokenKey, onReport, dlpOf, rulesEngine: { read: readArgumentRules, compile: compileArgumentRulesOf } });
}

function dlpOf(settings: DlpSettings): DlpService | undefined {
  switch (settings.kind) {
    case 'comprehend':
      return createComprehendDlp(settings);
    case 'bedrock-guardrail':
      return createBedrockGuardrailDlp(settings);
    case 'lambda':
      return createLambdaDlp(settings);
    default:
      return undefined;
  }
}
