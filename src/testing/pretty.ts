/** JSON the way Google's REST front end prints it: two spaces, one newline at the end. */
export function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** JSON the way Google writes an SSE `data:` line: one line, a space after each colon, none after commas. */
export function oneLine(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, '');
}
