import { DEFAULT_CORPUS, readRows } from '../rows';

/** A labelled text that others published: a result, a prompt, or a tool's arguments. */
export interface LabelledText {
  readonly id: string;
  readonly kind: 'tool_result' | 'prompt' | 'tool_args' | 'tool_description';
  readonly source: string;
  /** Near-duplicates share it. */
  readonly family: string;
  readonly malicious: boolean;
  readonly attack?: string;
  readonly quality?: string;
  readonly text: string;
}

export { DEFAULT_CORPUS };

interface Row {
  readonly id: string;
  readonly kind: LabelledText['kind'];
  readonly label: string;
  readonly source_repo: string;
  readonly family: string;
  readonly attack?: string;
  readonly quality?: string;
  readonly text?: string;
  readonly description?: string;
}

/**
 * Reads labelled texts, JSON Lines, plain or compressed with xz; of definitions only honest descriptions, which are texts as well.
 *
 * @returns undefined where there is no such file
 * @throws Error where `xz` is needed and missing
 */
export function readTexts(path: string = DEFAULT_CORPUS): readonly LabelledText[] | undefined {
  return readRows<Row>(path)
    ?.filter(({ kind, label }) => kind !== 'tool_description' || label === 'benign')
    .map(({ id, kind, source_repo, family, label, attack, quality, text: own, description }) => ({ id, kind, source: source_repo, family, malicious: label === 'malicious', attack, quality, text: own ?? description ?? '' }))
    .filter(({ text: own }) => own !== '');
}
