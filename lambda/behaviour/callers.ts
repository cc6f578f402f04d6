/** Fewer than this may have reasons of their own for what they do alike. */
export const SEVERAL = 3;

/** A set of principals in one number, in which two may look like one: rather too few than too many. */
export function callerBit(principal: number): number {
  return 1 << (principal & 31);
}

export function countCallers(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
