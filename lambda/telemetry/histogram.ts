export interface Histogram {
  observe(value: number): void;
  /** As OpenMetrics writes it. */
  read(): string;
}

/** @param bounds upper ones of the buckets, ascending */
export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    observe(value) {
      let index = 0;
      while (index < bounds.length && value > (bounds[index] as number)) index += 1;
      counts[index] = (counts[index] ?? 0) + 1;
      sum += value;
    },
    read() {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        return `${name}_bucket{le="${bounds[index] ?? '+Inf'}"} ${total}\n`;
      });
      return `# TYPE ${name} histogram\n# HELP ${name} ${help}\n${buckets.join('')}${name}_count ${total}\n${name}_sum ${sum}\n`;
    },
  };
}
