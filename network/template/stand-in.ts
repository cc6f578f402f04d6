import { cidr, parseCidr } from '../address';

/** Blocks that stand for addresses which AWS chooses. */
export const VPC_STAND_IN = '10.255.0.0/16';
export const IPV6_STAND_IN = (index: number) => `2001:db8:${(index + 1).toString(16)}00::/56`;

/** The block that stands for one that AWS chooses, and whether it is one. */
export function vpcBlock(declared: unknown): { readonly range: ReturnType<typeof cidr>; readonly standIn: boolean } {
  const range = parseCidr(declared);
  return range ? { range, standIn: false } : { range: cidr(VPC_STAND_IN), standIn: true };
}
