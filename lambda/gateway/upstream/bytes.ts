/** Collects chunks into one buffer. A single chunk is not copied; many small ones cost no more than their bytes. */
export class ByteCollector {
  private buffer: Buffer | undefined;
  private used = 0;
  private owned = false;

  get length(): number {
    return this.used;
  }

  add(chunk: Buffer): void {
    if (this.buffer === undefined) {
      this.buffer = chunk;
    } else {
      this.reserve(this.used + chunk.length);
      chunk.copy(this.buffer, this.used);
    }
    this.used += chunk.length;
  }

  /** All that was added, and begins anew. */
  take(): Buffer {
    const all = this.buffer?.subarray(0, this.used) ?? Buffer.alloc(0);
    this.buffer = undefined;
    this.used = 0;
    this.owned = false;
    return all;
  }

  private reserve(size: number): void {
    if (this.owned && this.buffer !== undefined && this.buffer.length >= size) return;
    const grown = Buffer.allocUnsafe(Math.max(size * 2, 1_024));
    this.buffer?.copy(grown, 0, 0, this.used);
    this.buffer = grown;
    this.owned = true;
  }
}
