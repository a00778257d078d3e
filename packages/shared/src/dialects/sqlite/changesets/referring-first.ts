import { folded, type RecordedTable } from './recorded-table.js'

/**
 * The tables in an order in which each stands before those that it refers to. What a cascade did is recorded as changes of the
 * referring table: applied after the change that causes it, they would find their rows gone by the other side's own cascade.
 * Foreign keys are looked at when all changes are applied, so rows may come before those that they refer
 * to. A circle is cut somewhere.
 */
export function referringFirst(tables: readonly RecordedTable[]): RecordedTable[] {
  const ordered = new Set<RecordedTable>()
  const visited = new Set<RecordedTable>()
  const visit = (table: RecordedTable): void => {
    if (visited.has(table)) return
    visited.add(table)
    for (const other of tables) if (other.refersTo.has(folded(table.name))) visit(other)
    ordered.add(table)
  }
  for (const table of tables) visit(table)
  return [...ordered]
}
