import { createHash } from 'node:crypto'
import type { EngineUnderTest } from './engine-under-test.js'

/** What only one of the two sides has: the log and who reads it, and that a file is a standby. */
const NOT_COPIED = /^(sqlite_|go_goscope_(changes|followers|standby)$)/

/**
 * Every cell that a standby must have of its source, as text, by table: read by SQL of this test's own.
 *
 * @param path Of a file that nobody has open alone.
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
      // By their rowids a standby knows which of them have changed.
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

/** One value for all of it, by which two sides are compared. */
export function sha256Of(contents: Record<string, string[]>): string {
  return createHash('sha256').update(JSON.stringify(contents)).digest('hex')
}
