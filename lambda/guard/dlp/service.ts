import type { JsonObject } from '../../protocol';

/** What a DLP service says of a result. `ids` name what it found, never the data. */
export type DlpVerdict =
  | { readonly action: 'allow'; readonly ids: readonly string[] }
  | { readonly action: 'block'; readonly ids: readonly string[] }
  | { readonly action: 'replace'; readonly ids: readonly string[]; readonly value: JsonObject };

/** Where a result comes from, for the service's own rules. */
export interface DlpExchange {
  readonly server: string;
  readonly target: string | undefined;
}

/** An enterprise's own data loss prevention, which results go through (DLP-1, ENT-3). */
export interface DlpService {
  inspect(result: JsonObject, exchange: DlpExchange): Promise<DlpVerdict>;
}

export interface DlpLimits {
  /** How long an answer is waited for, milliseconds. @default 2000 */
  readonly timeoutMs?: number;
  /** What happens to a result that the service did not judge: too late, out of reach, not understood. @default 'block' */
  readonly onFailure?: 'block' | 'allow';
}

const UNAVAILABLE: DlpVerdict = { action: 'block', ids: ['unavailable'] };
const PASSED: DlpVerdict = { action: 'allow', ids: ['unavailable'] };

/** The service with a time limit and an answer for when it has none (DLP-1). */
export function withDlpLimits(service: (result: JsonObject, exchange: DlpExchange, signal: AbortSignal) => Promise<DlpVerdict>, { timeoutMs = 2_000, onFailure = 'block' }: DlpLimits = {}): DlpService {
  return {
    async inspect(result, exchange) {
      const control = new AbortController();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          control.abort();
          reject(new Error('the DLP service is late'));
        }, timeoutMs);
      });
      try {
        return await Promise.race([service(result, exchange, control.signal), late]);
      } catch {
        return onFailure === 'allow' ? PASSED : UNAVAILABLE;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
