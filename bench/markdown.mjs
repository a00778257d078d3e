import { markdownTable } from '../scripts/markdown-table.mjs'

/** Returns tables as Markdown. @param {import('./tables.mjs').Table[]} tables */
export function toMarkdown(tables) {
  return tables
    .map(({ title, text, head, rows }) => `### ${title}\n\n${text ? `${text}\n\n` : ''}${markdownTable(head, rows)}`)
    .join('\n')
}
