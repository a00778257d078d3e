/**
 * Returns a table as Markdown. Columns of figures are aligned to the right.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 * @returns {string} ends with a line feed
 */
export function markdownTable(head, rows) {
  const align = head.map((_, column) => (rows.every((row) => /^[±\d]|^$/.test(row[column] ?? '')) ? '---:' : '---'))
  return `${[head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
