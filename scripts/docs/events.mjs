// docs/events.md: from the comments of the events themselves, and the table of alerts.
import { ALERTS } from '../../dist/esm/observe/alert.js';
import { interfaceOf, membersOf } from './interfaces.mjs';
import { code, plain, table } from './table.mjs';

/** Types that stand in a file, or under a name, of their own. */
const NAMED = {
  AnswerEvent: ['observe/events.ts', 'AnswerEvent'],
  AlertEvent: ['observe/alert.ts', 'AlertEvent'],
};

export function eventsPage() {
  const { members, tags } = interfaceOf('observe/events.ts', 'GuardEvents');
  const common = new Map(
    tags
      .filter(([tag]) => tag === 'property')
      .map(([, said]) => {
        const [, name = '', text = ''] = /^(\w+) (.*)$/.exec(said) ?? [];
        return [name, text];
      }),
  );
  return `# Events

Written by \`npm run docs\` from the comments of \`src/observe/events.ts\`: change them there. \`guard.on(name, listener)\` listens
and returns the function that stops it. A listener that throws, rejects or hangs touches nothing. No event has a key, a prompt or
a text of Google's in it; durations are milliseconds.

${members.map((event) => section(event, common)).join('\n\n')}

## Alerts

The names are a closed list. \`critical\`: visitors are turned away. \`warning\`: they will be, or worse is to come. What ends by
itself is told again with the state \`resolved\`; all else once in \`alerts.cooldownMs\` while it lasts. Cause and cure of what has
the name of a kind are in [errors](errors.md).

${table(
  ['Name', 'Severity', 'Says', 'And when it is over'],
  Object.entries(ALERTS).map(([name, { severity, summary, resolved = '-' }]) => [
    code(name),
    severity,
    said(summary),
    said(resolved),
  ]),
)}
`;
}

function section({ name, type, text }, common) {
  const fields = NAMED[type] ? interfaceOf(...NAMED[type]).members : membersOf(type.replace(/^\{|\}$/g, ''));
  return `## ${name}

${text}

${table(
  ['Field', 'Type', 'What it is'],
  fields.map((field) => [
    `${code(field.name)}${field.isOptional ? ' (not always)' : ''}`,
    code(field.type),
    plain(field.text || common.get(field.name) || ''),
  ]),
)}`;
}

/** As it reads with names in it. */
function said(sentence) {
  return sentence.replace('{model}', '*model*').replace('{key}', ' *key*');
}
