/** Rows as a Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A code span that a table can hold. */
export function code(text) {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}

export function plain(text) {
  return text.replaceAll('|', '\\|');
}
