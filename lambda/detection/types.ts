import type { ToolDefinition } from '../protocol';

/** Where in a definition a text stands. It says how much a reader may expect of that text. */
export type TextKind =
  | 'name'
  | 'title'
  | 'description'
  | 'parameterName'
  | 'parameterDescription'
  | 'schemaText'
  | 'annotation'
  | 'meta'
  | 'instructions';

/** One text of a definition that a model may read. */
export interface TextField {
  /** JSON Pointer (RFC 6901) of the text in the definition; for a key, of the member it names. */
  readonly pointer: string;
  readonly kind: TextKind;
  readonly text: string;
}

/** What should the model do with this definition: read it, wait for a person, never see it. */
export type Verdict = 'approve' | 'review' | 'reject';

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical';

/** One reason for a verdict, written for a reviewer. */
export interface Finding {
  /** Stable, `TP-xxx`. */
  readonly ruleId: string;
  readonly severity: Severity;
  /** JSON Pointer of the text that it is about. */
  readonly pointer: string;
  /** Span in the ORIGINAL text at `pointer`, in UTF-16 units, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** One sentence that a reviewer understands. */
  readonly sentence: string;
  /** Technique of the Secure Agentic Framework, `SAF-Txxxx`. */
  readonly safId?: string;
  /** Entry of the OWASP MCP Top 10, `MCPxx`. */
  readonly owaspId?: string;
}

/** The detector's answer about one definition. */
export interface DetectionResult {
  readonly verdict: Verdict;
  /** Calibrated probability, 0 to 1, that the definition steers whoever reads it. */
  readonly score: number;
  readonly findings: readonly Finding[];
}

/** What a model of the texts says, and which words made it say so. */
export interface ModelScore {
  /** Calibrated, 0 to 1. */
  readonly probability: number;
  /** Of the most suspicious sentence, before calibration; of no sentence, `-Infinity`. */
  readonly logOdds: number;
  /** Spans in the original texts, by falling weight. */
  readonly spans: readonly ModelSpan[];
  /** The same of the sentences that were read for their meaning; none where no sentence was in doubt. */
  readonly meaning: readonly ModelSpan[];
}

export interface ModelSpan {
  readonly pointer: string;
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

/** The servers that one agent may see at once, with what they offer. */
export interface Registry {
  readonly servers: readonly RegisteredServer[];
}

export interface RegisteredServer {
  readonly name: string;
  readonly tools: readonly ToolDefinition[];
  /** What the server says about itself when it is initialized. */
  readonly instructions?: string;
}

/** A definition in the registry it belongs to, for the relations between them. */
export interface Placed {
  readonly server: string;
  readonly registry: Registry;
}
