/** Tables as Markdown. @param {import('./tables.mjs').Table[]} tables */
export function toMarkdown(tables) {
  return tables
    .map(({ title, text, head, rows }) => `### ${title}\n\n${text ? `${text}\n\n` : ''}${table(head, rows)}`)
    .join('\n')
}

function table(head, rows) {
  const align = head.map((_, column) => (rows.every((row) => /^[±\d]|^$/.test(row[column])) ? '---:' : '---'))
  return `${[head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
