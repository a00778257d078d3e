import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Handle {
  prepare(sql: string): { all(): unknown[]; finalize?(): void }
  exec(sql: string): void
  close(): void
}

type HandleClass = new (path: string, options: number | Record<string, boolean>) => Handle

// SQLite's result code of a statement that names something unknown.
const SQL_ERROR = 1

/**
 * Runs SQLite's integrity check on every page of a file. If the schema needs a function or a collation that only the app's own
 * connections have, index entries, CHECKs and tables with such a collation are left out.
 *
 * @returns the problems found; empty if there are none.
 */
export async function checkPages(path: string, immutable = false): Promise<string[]> {
  const handle = await openHandle(path, immutable)
  try {
    const whole = await problemsBy(handle, 'integrity_check')
    if (whole !== undefined) return whole
    handle.exec('PRAGMA ignore_check_constraints = 1')
    const tables = valuesOf(handle, "SELECT name FROM sqlite_master WHERE type = 'table'")
    const found: string[] = []
    for (const name of tables)
      found.push(...((await problemsBy(handle, `quick_check('${name.replaceAll("'", "''")}')`)) ?? []))
    return found
  } finally {
    handle.close()
  }
}

/** Returns `undefined` if the connection lacks something that the schema names. */
async function problemsBy(handle: Handle, check: string): Promise<string[] | undefined> {
  try {
    return valuesOf(handle, `PRAGMA ${check}`).filter((line) => line !== 'ok')
  } catch (error) {
    const { message, errcode, errno } = error as Error & { errcode?: number; errno?: number }
    // The low byte: the code of a missing collation has more.
    if (((errcode ?? errno ?? 0) & 0xff) === SQL_ERROR) return undefined
    // Loaded here, because other commands do not need it.
    const { typedError } = await import('@go-go-scope/persistence-core')
    const failure = typedError(error, 'verify')
    // Some damage makes the check itself fail, and so does a page that cannot be read.
    if (failure.code === 'CORRUPT' || failure.code === 'IO_ERROR') return [message]
    throw failure
  }
}

function valuesOf(handle: Handle, sql: string): string[] {
  const statement = handle.prepare(sql)
  try {
    return (statement.all() as Record<string, string>[]).flatMap(Object.values)
  } finally {
    // If a statement is still open, Bun runs a checkpoint when it closes the file, and writers wait meanwhile.
    statement.finalize?.()
  }
}

/** Opens a file for reading, with the adapter's SQLite library, because two libraries on one file drop each other's locks. */
export async function openHandle(path: string, immutable = false): Promise<Handle> {
  // Absolute, because Bun removes spaces at the start of a path.
  const name = immutable ? `${pathToFileURL(path).href}?immutable=1` : resolve(path)
  if (process.versions.bun !== undefined) {
    const { Database, constants } = (await importEngine('bun:sqlite')) as {
      Database: HandleClass
      constants: { SQLITE_OPEN_READONLY: number; SQLITE_OPEN_URI: number }
    }
    // Flags, because with the option `readonly` a URI cannot be opened.
    return new Database(name, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI)
  }
  // Node 20 has no node:sqlite. The adapter uses this package there.
  const engine = await importEngine('node:sqlite').catch(() => importEngine('@photostructure/sqlite'))
  return new (engine as { DatabaseSync: HandleClass }).DatabaseSync(name, { readOnly: true })
}

/** By a variable: a bundler would look for a literal, and no runtime has all engines. */
const importEngine = (name: string): Promise<unknown> => import(/* webpackIgnore: true */ /* @vite-ignore */ name)
