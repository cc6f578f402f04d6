import type { ProtocolNumber } from './network';

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ICMPV6 = 58;
export const SCTP = 132;
/** IPv6 in IPv4 (6in4), which stands for every protocol that no rule names. */
export const IPV6_IN_IPV4 = 41;

const NUMBERS: Readonly<Record<string, number>> = { icmp: ICMP, tcp: TCP, udp: UDP, icmpv6: ICMPV6, gre: 47, esp: 50, sctp: SCTP };

/** Whether a protocol has ports. */
export function hasPorts(protocol: ProtocolNumber | 'any'): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP;
}

/** The number of a protocol as templates write it; `-1` and what is no protocol are any. */
export function protocolNumber(value: unknown): ProtocolNumber | 'any' {
  const text = String(value ?? '-1').toLowerCase();
  if (text in NUMBERS) return NUMBERS[text]!;
  const number = Number(text);
  return Number.isInteger(number) && number >= 0 && number <= 255 ? number : 'any';
}

export function protocolName(protocol: ProtocolNumber | 'any'): string {
  if (protocol === 'any') return 'all';
  return Object.entries(NUMBERS).find(([, number]) => number === protocol)?.[0] ?? `protocol ${protocol}`;
}
