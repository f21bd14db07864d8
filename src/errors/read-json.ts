/** JSON that nests deeper than this is not an error of Google's; `JSON.parse` itself recurses and would overflow. */
const MAX_DEPTH = 200;

/** How many places of a text are tried as the beginning of JSON, so that a text full of braces stays linear. */
const MAX_STARTS = 8;

/** The value, or undefined for whatever is no JSON or nests too deep. Never throws. */
export function readJson(text: string): unknown {
  // Of a text in quotes nothing nests; bare numbers and words are texts to us.
  if (!text.trimStart().startsWith('"') && endOfJson(text, 0) === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first wanted JSON object or list inside a text such as `got status: UNAVAILABLE. {"error":...}`. */
export function findJson(text: string, wanted: (value: unknown) => boolean): unknown {
  const starts = /[[{]\s*["{[]/g;
  for (let tries = 0; tries < MAX_STARTS; tries++) {
    const start = starts.exec(text)?.index;
    if (start === undefined) return undefined;
    const value = readJson(text.slice(start, endOfJson(text, start)));
    if (wanted(value)) return value;
  }
  return undefined;
}

/** Index behind the bracket that closes the first one; undefined where none does, or where nesting goes too far. */
function endOfJson(text: string, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (quoted) {
      if (char === 92) i++;
      else if (char === 34) quoted = false;
    } else if (char === 34) quoted = true;
    else if (char === 123 || char === 91) {
      if (++depth > MAX_DEPTH) return undefined;
    } else if ((char === 125 || char === 93) && --depth === 0) return i + 1;
  }
  return undefined;
}
