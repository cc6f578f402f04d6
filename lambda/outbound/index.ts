/** Where the gateway may connect to, and requests to addresses that it was told by others: https only, no private networks, small answers (SSRF). */
export * from './address';
export * from './learned-url';
export * from './request';
