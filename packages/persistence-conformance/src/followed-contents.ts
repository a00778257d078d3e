import { createHash } from 'node:crypto'
import type { EngineUnderTest } from './engine-under-test.js'

/** The tables that only one side has: the log and its followers, and the mark of a standby. */
const NOT_COPIED = /^(sqlite_|go_goscope_(changes|followers|standby)$)/

/**
 * Returns all cells that a standby must copy from its source, as text, by table. Reads them with the test's own SQL.
 *
 * @param path A file that no process has open exclusively.
 */
export async function followedContents(engine: EngineUnderTest, path: string): Promise<Record<string, string[]>> {
  const handle = await engine.openHandle(path)
  try {
    const rows = (sql: string) => engine.rows(handle, sql)
    const contents: Record<string, string[]> = {}
    const tables = await rows(
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name",
    )
    for (const { name, wr } of tables.map((table) => ({ name: String(table.name), wr: table.wr }))) {
      if (NOT_COPIED.test(name)) continue
      const columns = await rows(`SELECT name FROM pragma_table_info('${name}')`)
      const cells = columns.map((column) => `typeof("${column.name}") || ' ' || quote("${column.name}")`)
      // A standby identifies changed rows by their rowids.
      if (wr === 0) cells.push('rowid')
      const found = await rows(`SELECT ${cells.join(" || ', ' || ")} AS cells FROM "${name}" ORDER BY 1`)
      contents[name] = found.map((row) => String(row.cells)).filter((row) => !row.includes("'log_end'"))
    }
    const given = await rows('SELECT name, seq FROM sqlite_sequence ORDER BY name')
    return { ...contents, sqlite_sequence: given.map(({ name, seq }) => `${name} ${seq}`) }
  } finally {
    await engine.closeHandle(handle)
  }
}

export function sha256Of(contents: Record<string, string[]>): string {
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex')
}
