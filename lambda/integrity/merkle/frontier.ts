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

  /** Root of all leaves so far, and of `next` after them where it is given. */
  root(next?: Buffer): Buffer {
    if (next !== undefined) {
      const longer = new Frontier();
      longer.peaks.push(...this.peaks);
      longer.count = this.count;
      longer.append(next);
      return longer.root();
    }
    return this.peaks.length === 0 ? EMPTY_ROOT : this.peaks.reduceRight((right, left) => nodeHash(left, right));
  }
}
