/** Just-in-time grants: asked for, approved by policy or people, used once, revoked for all at once (JIT-1, JIT-4, JIT-5). */
export * from './arguments';
export * from './authority';
export * from './contract';
export * from './desk';
export * from './event';
export * from './grant';
export * from './kill-switch';
export * from './life-cycle';
export * from './marks';
export * from './overview';
export * from './refused';
export * from './request';
export * from './site';
