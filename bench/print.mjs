/** Prints tables for a terminal. @param {import('./tables.mjs').Table[]} tables */
export function printTables(tables) {
  for (const { title, text, head, rows } of tables) {
    console.log(`\n${title}${text ? `\n${text}` : ''}`.replaceAll('`', ''))
    const lines = [head, ...rows].map((line) => line.map((cell) => cell.replaceAll(/[`*]/g, '')))
    const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
    for (const line of lines) {
      console.log(
        `  ${line.map((cell, column) => (isFigure(cell) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ')}`.trimEnd(),
      )
    }
  }
}

const isFigure = (cell) => /^[±\d][^ ]*( [%Mk])?$/.test(cell)
