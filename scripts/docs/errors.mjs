// docs/errors.md: from the table of kinds.
import { ACTORS } from '../../dist/esm/cli/actors.js';
import { CODES, KINDS } from '../../dist/esm/errors/kinds.js';

const SOURCES = {
  upstream: "Google's side, or the way to it",
  guard: 'the guard',
  caller: 'the one who called',
};

const head = `# Errors

Every failure has a \`kind\`, for you: in the log, in events, in \`GeminiError.kind\`. The visitor gets the \`code\` that the kind
belongs to, its status and its sentence, and nothing of what Google wrote. \`npx gemini-guard explain\` finds the kind of any
error or line of a log.

Written by \`npm run docs\` from \`src/errors/kinds.ts\`: change it there.

| Kind | The visitor gets | The guard repeats the call | Who must act |
|---|---|---|---|
${Object.entries(KINDS)
  .map(([kind, facts]) => `| [\`${kind}\`](#${kind}) | ${got(facts)} | ${repeated(facts)} | ${ACTORS[kind]} |`)
  .join('\n')}
`;

export function errorsPage() {
  return [head, ...Object.entries(KINDS).map(section)].join('\n');
}

function section([kind, facts]) {
  const { cause, cure, detail, alert, breaker, source } = facts;
  return `## ${kind}

${cause}

- **What to do**: ${cure}
- **Who must act**: ${ACTORS[kind]}.${alert ? ' It is logged as an alert.' : ''}
- **The visitor gets**: ${got(facts)}: "${detail}"
- **Retry**: ${retry(facts)}
- **Whose act**: ${SOURCES[source]}.${breaker ? ' It counts as a failure for the circuit breaker.' : ''}
`;
}

function got({ code }) {
  const { status } = CODES[code];
  // Nobody is there to read an answer.
  return code === 'client_closed' ? `nothing; ${status} \`${code}\` in the log` : `${status} \`${code}\``;
}

function repeated({ retries }) {
  if (retries === 0) return 'no';
  if (!Number.isFinite(retries)) return 'yes';
  return retries === 1 ? 'once' : `${retries} times at most`;
}

function retry(facts) {
  const { code, retries, waitMs } = facts;
  if (code === 'client_closed') return 'nobody is left to wait for it.';
  if (code === 'quota_exhausted') {
    return 'useless before the quota resets. `Retry-After` names that time where Google does.';
  }
  if (!CODES[code].retryable) return 'useless: the same call fails again until something is changed.';
  const times = Number.isFinite(retries) ? repeated(facts) : 'as often as `retry.attempts` allows';
  const within = retries === 0 ? 'leaves it to the visitor' : `repeats the call ${times}`;
  const otherwise = waitMs === undefined ? '' : `, else ${waitMs / 1000} s`;
  return `helps; the guard ${within}. \`Retry-After\` is the wait that was named${otherwise}.`;
}
