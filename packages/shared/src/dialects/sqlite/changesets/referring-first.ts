import { folded, type RecordedTable } from './recorded-table.js'

/**
 * Sorts tables so that each comes before the tables that it references. The effects of a cascade are recorded as changes of the
 * referencing table. If they were applied after the change that causes them, the cascade of the target database would already
 * have removed their rows. Foreign keys are checked after all changes, so a row may come before the row that it references. A
 * cycle is cut at some point.
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
