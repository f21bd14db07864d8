/** The share of a limit that is left; all of it where there is none. */
export function left(used: number, limit: number = Number.POSITIVE_INFINITY): number {
  return limit <= 0 ? 0 : Math.max(0, 1 - used / limit);
}
