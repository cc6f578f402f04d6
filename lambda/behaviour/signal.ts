/** What is unusual about a call, what it adds to the risk, and whether people are told of it by itself. */
export const SIGNALS = {
  /** Far more calls than the principal usually makes (T-S3). */
  rate: { risk: 40, tells: true, sentence: 'far more calls than usual' },
  /** The same call over and over: an agent that goes in circles (T-S3). */
  loop: { risk: 50, tells: true, sentence: 'the same call over and over' },
  /** Arguments of a form that the principal never gave the tool. */
  shape: { risk: 10, tells: false, sentence: 'arguments of a form that is new' },
  /** A host or a mail domain in the arguments that the principal never named. */
  destination: { risk: 25, tells: false, sentence: 'a destination that is new' },
  /** An answer far larger than the tool usually gives (DLP-3). */
  size: { risk: 30, tells: true, sentence: 'an answer far larger than usual' },
  /** More data over hours than the principal usually moves, though no call stands out (T-D3). */
  volume: { risk: 40, tells: true, sentence: 'more data moved than usual, over a long time' },
  /** Tools one after the other that never followed each other (LOG-3, HOST-1). */
  sequence: { risk: 20, tells: false, sentence: 'a tool after another that it never followed' },
  /** Several such in a row (LOG-3). */
  unusual_sequence: { risk: 30, tells: true, sentence: 'an unusual sequence of tools' },
  /** Many refusals: somebody tries what is possible. */
  refusals: { risk: 30, tells: true, sentence: 'many refusals in a short time' },
  /** Failures of authentication, then a success, from one address (LOG-3). */
  failures_then_success: { risk: 60, tells: true, sentence: 'a sign-in that succeeded after many that failed' },
  /** Data that must not pass, found by a guard (LOG-3, DLP-1). */
  dlp: { risk: 40, tells: true, sentence: 'protected data in a call or its answer' },
} as const;

export type SignalKind = keyof typeof SIGNALS;

/** What is unusual about a tool in everybody's hands (TB-1). It is nobody's risk: who calls the tool did nothing unusual. */
export const TOOL_SIGNALS = {
  tool_size: { risk: 40, sentence: 'a tool that answers far more than it used to, to several principals' },
  tool_rate: { risk: 40, sentence: 'a tool that several principals together call far more often than usual' },
  tool_destination: { risk: 50, sentence: 'a destination that is new to a tool, named by several principals' },
} as const;

export type ToolSignalKind = keyof typeof TOOL_SIGNALS;

export function isToolSignal(kind: Detection['kind']): kind is ToolSignalKind {
  return kind in TOOL_SIGNALS;
}

/** Something that people should look at. Never holds an argument or a result. */
export interface Detection {
  readonly kind: SignalKind | ToolSignalKind | 'combined';
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly principal?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly sourceIp?: string;
  /** Of the principal, with this; of the tool where it is the tool that is unusual. */
  readonly risk: number;
  /** Those of the principal that still count. */
  readonly signals: readonly SignalKind[];
  /** One sentence. */
  readonly why: string;
}
