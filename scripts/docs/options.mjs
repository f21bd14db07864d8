// docs/options.md, and the table on the page of each part: from the doc comments of the options themselves.
import { PLACES } from '../../dist/esm/part.js';
import { interfaceOf } from './interfaces.mjs';
import { code, plain, table } from './table.mjs';

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** Parts whose options are no object of their own. */
const OTHERWISE = {
  log: 'A logger of winston or pino, or `console`. Without one it writes JSON lines to stdout by winston.',
  keys: 'An array of keys, as texts or as:',
};

/** What has options besides the parts: its title, file and interface. */
const FURTHER = [
  ['alerts', 'observe/alert-options.ts', 'AlertOptions', 'Of `geminiGuard({ alerts })`; `false` for no alerts at all.'],
  ['webhook()', 'observe/webhook.ts', 'WebhookOptions', 'For `alerts.onAlert`.'],
  [
    'redis',
    'store/redis-options.ts',
    'RedisOptions',
    'Of `geminiGuard({ redis })`, which takes a client or a URL alone too.',
  ],
  ['sendStream()', 'http/send-stream.ts', 'SendStreamOptions', 'The third argument.'],
  ['guard.run()', 'run.ts', 'RunOptions', 'The second argument.'],
  ['understand()', 'errors/understand.ts', 'UnderstandOptions', 'The second argument.'],
  ['statusPage()', 'status/options.ts', 'StatusPageOptions', 'Of `gemini-guard/status`; the second argument.'],
  ['guardFetch()', 'frontend/guard-fetch.ts', 'GuardFetchOptions', 'Of `gemini-guard/frontend`.'],
];

/** The table of one part; undefined where it has no options. */
export function partTable(part) {
  if (part === 'log') return undefined;
  if (part === 'keys') return optionTable('api-key.ts', 'KeyOptions');
  return optionTable(`policies/${kebab(part)}.ts`, `${capital(part)}Options`);
}

function optionTable(file, name) {
  const { members } = interfaceOf(file, name);
  return table(
    ['Option', 'Type', 'Default', 'What it is', 'Why this default'],
    members.map((member) => {
      const { value, why } = defaultOf(member);
      const required = member.isOptional ? value : 'has to be given';
      return [code(member.name), code(member.type), required, plain(member.text), plain(why)];
    }),
  );
}

/** `@default 60 one a second is ...`: a value in code, or words; then why. */
function defaultOf({ tags }) {
  const [, said = ''] = tags.find(([tag]) => tag === 'default') ?? [];
  const [, value, why = ''] = /^([\d_.]+|true|false|'[^']*'|\{\}|\[\]|urn:\S+|none|on|off)(?: (.*))?$/.exec(said) ?? [];
  if (value === undefined) return { value: plain(said), why: '' };
  return { value: /^(?:none|on|off)$/.test(value) ? value : code(value), why };
}

export function optionsPage() {
  const section = (title, intro, body) => [`## ${title}`, intro, body].filter(Boolean).join('\n\n');
  return `# Options

Written by \`npm run docs\` from the doc comments of the options in \`src/\`: change them there. Durations are milliseconds, and
end in \`Ms\`. An option that does not exist, or cannot be, is a \`TypeError\` that names it, and the nearest one.

${[
  section(
    'geminiGuard()',
    'Each part is an option: `false` switches it off, an object configures it. Options of `errorNormalizer` can be given here too.',
    optionTable('guard-options.ts', 'GeminiGuardOptions'),
  ),
  ...PLACES.map((part) => section(part, OTHERWISE[part], partTable(part))),
  ...FURTHER.map(([title, file, name, intro]) => section(title, intro, optionTable(file, name))),
].join('\n\n')}
`;
}
