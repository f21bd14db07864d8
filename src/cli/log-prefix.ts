const LEVEL = '(?:trace|debug|info|notice|log|warn|warning|err|error|fatal|crit|critical|severe|alert|emerg)';

/** What loggers and their collectors write in front of a message. Each is anchored, and bounded where it repeats. */
const PREFIXES: readonly RegExp[] = [
  // 2026-11-25T16:48:20.123Z, 2026/11/25 16:48:20,123 in Python, in brackets or not; a time alone; seconds since 1970.
  /^[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?[\])]?[:,]?(?=\s|$)/,
  /^[[(]?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?[\])]?(?=\s)/,
  /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}[ :T][^\]]{1,40}\]/,
  /^\d{10,13}(?:\.\d{1,9})?(?=\s)/,
  /^\d{1,2}\/\d{1,2}\/\d{4},? \d{1,2}:\d\d:\d\d(?: [AP]M)?(?=\s)/,
  // syslog and the journal: with the time, the host and the program.
  /^<\d{1,3}>(?:1(?=\s))?/,
  /^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d [\w.-]{1,80} [\w./-]{1,80}(?:\[\d{1,8}\])?:/,
  // Kubernetes' CRI, Heroku, docker compose.
  /^(?:stdout|stderr) [FP](?=\s)/,
  /^(?:app|heroku)\[[\w.-]{1,40}\]:/,
  /^[\w.-]{1,60} {0,20}\| /,
  // The number of a process (Nest, Spring) or of a request (AWS Lambda), and Ruby's head of a line.
  /^\d{1,8} {1,4}-(?= \d)/,
  /^\d{1,8} --- \[[^\]]{1,80}\] [\w.$[\]/]{1,80} {0,40}:(?=\s)/,
  /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?=\s)/,
  /^[A-Z], \[[^\]]{1,60}\](?=\s)/,
  // Levels as loggers write them. `Error:` is a class.
  new RegExp(`^[[(<]?(?:${LEVEL}|${LEVEL.toUpperCase()})[\\])>]?(?: ?\\(\\d{1,8}\\))?(?: ?[:|-])?(?=\\s|$)`),
  // The name of a logger.
  /^\[[A-Za-z][\w.:/-]{0,60}\]:?(?=\s)/,
  new RegExp(`^[a-z][\\w.]{0,60} - (?=${LEVEL.toUpperCase()}\\b)`),
  /^(?:[-|:]|--)(?=\s)/,
];

/** More than any logger writes. */
const MOST = 12;

/** A line without the time, level, host, program and logger in front of it. */
export function withoutPrefix(line: string): string {
  let rest = line.trim();
  for (let taken = 0; taken < MOST; taken++) {
    const prefix = PREFIXES.find((pattern) => pattern.test(rest));
    if (prefix === undefined) break;
    rest = rest.replace(prefix, '').trim();
  }
  return rest;
}
