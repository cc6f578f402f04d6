/** A score of a definition that the model had not seen, and what the definition is. */
export interface Scored {
  readonly score: number;
  readonly steers: boolean;
}

/** Platt's scaling: a probability is `1 / (1 + exp(-(slope * score + offset)))`. Newton's method; the same input gives the same answer. */
export function calibrate(scored: readonly Scored[]): { readonly slope: number; readonly offset: number } {
  const positives = scored.filter(({ steers }) => steers).length;
  const targets = { true: (positives + 1) / (positives + 2), false: 1 / (scored.length - positives + 2) };
  let slope = 1;
  let offset = 0;
  for (let step = 0; step < 50; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-9, 0, 1e-9];
    for (const { score, steers } of scored) {
      const p = 1 / (1 + Math.exp(-(slope * score + offset)));
      const error = p - targets[`${steers}`];
      const curve = p * (1 - p);
      g0 += error * score;
      g1 += error;
      h00 += curve * score * score;
      h01 += curve * score;
      h11 += curve;
    }
    const determinant = h00 * h11 - h01 * h01;
    slope -= (h11 * g0 - h01 * g1) / determinant;
    offset -= (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, offset };
}
