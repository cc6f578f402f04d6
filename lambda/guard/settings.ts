import type { ArgumentPolicy, CompileRules } from './arguments';
import { createHttpHook, createIcapClient, type DlpLimits, type DlpService } from './dlp';
import { createHistoryCheck } from './purpose';
import type { RecogniserFile } from './recognisers';
import type { ResultPolicy } from './results';
import { createServerGuard, type ServerGuard, type ServerGuardOptions } from './server-guard';

/** A DLP service as a configuration names it. */
export type DlpSettings = DlpLimits &
  (
    | { readonly kind: 'http'; readonly url: string; readonly headers?: Readonly<Record<string, string>> }
    | { readonly kind: 'icap'; readonly url: string }
    | { readonly kind: 'comprehend'; readonly language?: 'en' | 'es'; readonly minScore?: number }
    | { readonly kind: 'bedrock-guardrail'; readonly guardrailId: string; readonly guardrailVersion?: string }
    | { readonly kind: 'lambda'; readonly functionArn: string }
  );

/** A guard as a configuration file or a construct says it: plain data. */
export interface GuardSettings {
  readonly arguments?: ArgumentPolicy;
  readonly results?: ResultPolicy;
  readonly brokenPromises?: 'refuse' | 'allow';
  /** `history`: arguments that do not fit what a tool was called with before raise the risk (IOV-7). @default - nobody asks */
  readonly purpose?: 'history';
  readonly dlp?: DlpSettings;
}

/** Reads rules in Cedar and compiles them for the tools of a server. */
export interface RulesEngine {
  /** @throws where a text is not rules */
  read(text: string): unknown;
  compile(text: string, server: string, tool: Parameters<CompileRules>[1]): ReturnType<CompileRules>;
}

/** What settings need from where they run. */
export interface GuardEnvironment {
  readonly recognisers?: readonly RecogniserFile[];
  readonly tokenKey?: Uint8Array;
  readonly onReport?: ServerGuardOptions['onReport'];
  /** The engine of rules in Cedar. @default - there is none */
  readonly rulesEngine?: RulesEngine;
  /** DLP services that only exist there. @default - http and icap are known */
  readonly dlpOf?: (settings: DlpSettings) => DlpService | undefined;
}

/**
 * The guard that settings describe.
 *
 * @throws where something in them cannot be enforced: the server must then not be served
 */
export function guardOf(server: string, { dlp, purpose, ...settings }: GuardSettings, { recognisers, tokenKey, onReport, rulesEngine, dlpOf }: GuardEnvironment = {}): ServerGuard {
  for (const { rules } of [settings.arguments ?? {}, ...Object.values(settings.arguments?.tools ?? {})]) if (rules !== undefined) rulesEngine?.read(rules);
  return createServerGuard({
    server,
    ...settings,
    recognisers,
    tokenKey,
    onReport,
    compileRules: rulesEngine && ((text, tool) => rulesEngine.compile(text, server, tool)),
    purpose: purpose === 'history' ? createHistoryCheck() : undefined,
    dlp: dlp === undefined ? undefined : (dlpOf?.(dlp) ?? plainDlp(dlp)),
  });
}

function plainDlp(settings: DlpSettings): DlpService {
  if (settings.kind === 'http') return createHttpHook(settings);
  if (settings.kind === 'icap') return createIcapClient(settings);
  throw new TypeError(`there is no DLP service ${JSON.stringify(settings.kind)} here`);
}
