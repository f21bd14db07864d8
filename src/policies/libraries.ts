// In a file of their own, which scripts/bundle.mjs keeps apart: neither says of itself that it can be left out, so that a
// bundler would take them along with whatever else stood here.
export { default as CircuitBreaker } from 'opossum';
export { default as Memory } from 'rate-limiter-flexible/lib/RateLimiterMemory.js';
export { default as Redis } from 'rate-limiter-flexible/lib/RateLimiterRedis.js';
export { default as Res } from 'rate-limiter-flexible/lib/RateLimiterRes.js';
