/** The revisions of the Model Context Protocol that the gateway speaks, newest first. */
export const MODERN_REVISIONS = ['2026-07-28'] as const;
export const LEGACY_REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

export type ModernRevision = (typeof MODERN_REVISIONS)[number];
export type LegacyRevision = (typeof LEGACY_REVISIONS)[number];
export type Revision = ModernRevision | LegacyRevision;

/**
 * `modern`: stateless, every request carries its version and capabilities (2026-07-28 and later).
 * `legacy`: a session opened by `initialize` (2025-11-25 and earlier).
 */
export type Era = 'modern' | 'legacy';

export const LATEST_MODERN: ModernRevision = '2026-07-28';
export const LATEST_LEGACY: LegacyRevision = '2025-11-25';

/** What a request without `MCP-Protocol-Version` speaks after `initialize` (2025-11-25, transports). */
export const ASSUMED_REVISION: LegacyRevision = '2025-03-26';

export function isModernRevision(value: unknown): value is ModernRevision {
  return (MODERN_REVISIONS as readonly unknown[]).includes(value);
}

export function isLegacyRevision(value: unknown): value is LegacyRevision {
  return (LEGACY_REVISIONS as readonly unknown[]).includes(value);
}
