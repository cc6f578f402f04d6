import type { DataClass } from '../recognisers';
import type { ArchiveLimits } from '../look-inside';

/** What happens to data of one class on its way to a client. */
export type DataAction = 'allow' | 'redact' | 'block';

/** Actions by data class, and by single recogniser where it differs from its class. */
export interface DataRules {
  readonly dataClasses?: Readonly<Partial<Record<DataClass, DataAction>>>;
  readonly recognisers?: Readonly<Record<string, DataAction>>;
}

/** Other actions for principals of a group; the first entry that names one of the principal's groups counts. */
export interface GroupRules extends DataRules {
  readonly groups: readonly string[];
  /** Tokens that stand for removed data are replaced by the data in what these principals get. @default false */
  readonly reveal?: boolean;
}

/** What a server's answers may bring to a client (DLP-1 to DLP-4). */
export interface ResultPolicy extends DataRules {
  readonly principals?: readonly GroupRules[];
  /**
   * What happens to a text that gives orders to its reader: `annotate` labels it as data of the server, `redact` removes the
   * sentences, `block` refuses the answer.
   *
   * @default 'annotate'
   */
  readonly instructions?: 'allow' | 'annotate' | 'redact' | 'block';
  /** Markup that loads something, runs something, or carries data out when it is shown. @default 'redact' */
  readonly markup?: DataAction;
  /** Hosts whose images and links are left alone; `*.example.com` for all below one. @default - images and links without long queries are */
  readonly linkHosts?: readonly string[];
  /** Terminal sequences and invisible characters. @default 'redact' */
  readonly hidden?: DataAction;
  /** Content that is not of the type it claims to be, and archives that cannot be looked into. @default 'block' */
  readonly disguised?: 'allow' | 'block';
  /** Stack traces, paths, versions and addresses in errors: `refer` puts a reference id in their place. @default 'refer' */
  readonly internals?: 'allow' | 'refer';
  /** Removed data become tokens that a principal with `reveal` gets back as what they stand for. @default false */
  readonly reversible?: boolean;
  readonly limits?: Partial<ResultLimits>;
}

/** How much may come back (DLP-3). */
export interface ResultLimits {
  /** Bytes of one result, as JSON. @default 4194304 */
  readonly maxBytes: number;
  /** UTF-16 units of one text block; a longer one is cut and marked, where its type allows it. @default 1048576 */
  readonly maxTextLength: number;
  /** Bytes of results for one principal from one server within an hour. @default 268435456 */
  readonly maxBytesPerHour: number;
  /** A result this many times larger than the usual one of its tool is reported. @default 16 */
  readonly unusualFactor: number;
  readonly archives: Partial<ArchiveLimits>;
}

export const DEFAULT_RESULT_LIMITS: ResultLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxTextLength: 1024 * 1024,
  maxBytesPerHour: 256 * 1024 * 1024,
  unusualFactor: 16,
  archives: {},
};

/** Contact data are what most tools are for; the rest has to be allowed by name. */
export const DEFAULT_DATA_ACTIONS: Readonly<Record<DataClass, DataAction>> = {
  secret: 'redact',
  payment: 'redact',
  identity: 'redact',
  health: 'redact',
  custom: 'redact',
  contact: 'allow',
};

/** What counts for one principal. */
export interface EffectiveRules {
  actionFor(dataClass: DataClass, recogniser: string): DataAction;
  readonly reveal: boolean;
}

/** The rules of a policy for principals of `groups`. */
export function rulesFor(policy: ResultPolicy, groups: readonly string[]): EffectiveRules {
  const own = policy.principals?.find((entry) => entry.groups.some((group) => groups.includes(group)));
  return {
    actionFor: (dataClass, recogniser) =>
      own?.recognisers?.[recogniser] ?? own?.dataClasses?.[dataClass] ?? policy.recognisers?.[recogniser] ?? policy.dataClasses?.[dataClass] ?? DEFAULT_DATA_ACTIONS[dataClass],
    reveal: own?.reveal === true,
  };
}
