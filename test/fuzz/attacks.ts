/** Letters of every class that the patterns of this package tell apart. */
const ALPHABET = [...'aA_0-+.,:;/\\\'"`(){}[]<>=?&%#@|*! \t\n\r~$', '\u001b', '\u009b', '\u2028', '\u00e9', '\u2500'];

interface Pieces {
  /** One letter of each thing that the pattern repeats or matches. */
  readonly letters: readonly string[];
  /** What stands in it letter by letter: `retry`, `data:`. */
  readonly words: readonly string[];
}

/** What a pattern is made of, as far as an attacker needs to know. */
function piecesOf({ source, flags }: RegExp): Pieces {
  const letters = new Set<string>();
  const words = new Set<string>();
  let word = '';
  const end = (): void => {
    if (word.length > 1) words.add(word);
    word = '';
  };
  const quiet = flags.replace(/[gy]/g, '');
  for (const [piece] of source.matchAll(/\\u[\da-f]{4}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?<?[:=!]|[\s\S]/gi)) {
    const isClass = piece.startsWith('[') || /^\\[wdsWDS]$/.test(piece) || piece === '.';
    if (isClass) {
      end();
      const one = new RegExp(`^${piece}$`, quiet);
      const inside = ALPHABET.filter((letter) => one.test(letter));
      for (const letter of [inside[0], inside.at(-1), inside.find((some) => /\s/.test(some))])
        if (letter) letters.add(letter);
    } else if (/^\\[bB]$/.test(piece) || /^[()|?*+{}^$]$/.test(piece) || piece.startsWith('(?')) end();
    else {
      const letter = literal(piece);
      word += letter;
      letters.add(letter);
    }
  }
  end();
  return { letters: [...letters], words: [...words] };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function literal(piece: string): string {
  if (piece.startsWith('\\u')) return String.fromCharCode(Number.parseInt(piece.slice(2), 16));
  if (!piece.startsWith('\\')) return piece;
  return ESCAPES[piece.charAt(1)] ?? piece.charAt(1);
}

export interface Attack {
  readonly prefix: string;
  readonly pump: string;
  readonly suffix: string;
}

/**
 * Texts on which a pattern may go back and forth: each thing in it, repeated, in front of what it does not expect.
 * @param isThorough more of them than npm test has time for
 */
export function attacksOn(pattern: RegExp, isThorough: boolean): Attack[] {
  const { letters, words } = piecesOf(pattern);
  const pumps = new Set([...letters, ...words, ...words.map((word) => `${word} `)]);
  const [few, some] = isThorough ? [14, 30] : [5, 8];
  for (const one of letters.slice(0, few)) for (const other of letters.slice(0, few)) pumps.add(one + other);
  for (const word of words.slice(0, some)) for (const letter of letters.slice(0, 3)) pumps.add(word + letter);
  const prefixes = new Set(['', isThorough ? (words[0] ?? '') : '', words.slice(0, 6).join('')]);
  const suffixes = isThorough ? ['\u0000', '\n\u0001', '!"'] : ['\n\u0001'];
  return [...pumps].flatMap((pump) =>
    [...prefixes].flatMap((prefix) => suffixes.map((suffix) => ({ prefix, pump, suffix }))),
  );
}
