import { EMPTY_ROOT, nodeHash } from './hash';

/** The root of a tree that only grows, in logarithmic time for each leaf: it keeps the roots of its perfect subtrees alone. */
export class Frontier {
  private readonly peaks: Buffer[] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  append(leaf: Buffer): void {
    let peak = leaf;
    for (let full = this.count; full % 2 === 1; full = (full - 1) / 2) peak = nodeHash(this.peaks.pop() as Buffer, peak);
    this.peaks.push(peak);
    this.count += 1;
  }

  copy(): Frontier {
    const copy = new Frontier();
    copy.peaks.push(...this.peaks);
    copy.count = this.count;
    return copy;
  }

  /** Root of all leaves so far. */
  root(): Buffer {
    return this.peaks.length === 0 ? EMPTY_ROOT : this.peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}
