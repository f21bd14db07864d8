/** Single files of the package, whose entry loads code for every database that it knows. */
declare module 'rate-limiter-flexible/lib/RateLimiterMemory.js' {
  const Memory: typeof import('rate-limiter-flexible').RateLimiterMemory;
  export default Memory;
}
declare module 'rate-limiter-flexible/lib/RateLimiterRedis.js' {
  const Redis: typeof import('rate-limiter-flexible').RateLimiterRedis;
  export default Redis;
}
declare module 'rate-limiter-flexible/lib/RateLimiterRes.js' {
  const Res: typeof import('rate-limiter-flexible').RateLimiterRes;
  export default Res;
}
