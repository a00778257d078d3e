import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { flushFolder, publish, refuseExisting } from '@go-go-scope/persistence-core'
import { type OptionNames, PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { isServerUrl } from '../options.js'
import type { CopyDatabaseOptions, CopyResult } from './copy-database.js'
import { copyOptions } from './copy-options.js'
import { failure } from './copy-source.js'
import { fill } from './fill.js'
import { countsOf, type TableFingerprint } from './fingerprint.js'
import { checkPlace, isServer, openStore } from './open-store.js'
import type { Store } from './store.js'
import { TablesOf29, type TablesOf29Options } from './tables-of-2-9.js'

/** How {@link copyTablesOf29} copies the tables. */
export interface CopyTablesOf29Options extends TablesOf29Options, Pick<CopyDatabaseOptions, 'dryRun' | 'progress'> {}

const OPTIONS: OptionNames<CopyTablesOf29Options> = { schema: true, timeZone: true, dryRun: true, progress: true }

/** The result of copying the tables of go-go-scope 2.9. */
export interface CopiedTablesOf29 extends Pick<CopyResult, 'from' | 'to' | 'tables'> {
  /** `dry-run`: nothing was written. */
  readonly outcome: 'copied' | 'dry-run'
}

type Progress = CopyTablesOf29Options['progress']

/**
 * Copies a snapshot of the tables of go-go-scope 2.9 on a PostgreSQL server to a file. {@link copyDatabase} moves that file like
 * any other. The server is not changed.
 *
 * @param from A URL like `postgres://…`.
 * @param to The path of a new file.
 * @throws PersistenceError `SCHEMA_MISSING` if none of the tables exists, `FOREIGN_TABLE` if one has other columns,
 *   `VALUE_UNREADABLE` for a row that cannot be read, `FILE_EXISTS`; also the errors of connecting and of creating a file. No
 *   file is left then.
 */
export async function copyTablesOf29(
  from: string,
  to: string,
  options: CopyTablesOf29Options = {},
): Promise<CopiedTablesOf29> {
  const given = copyOptions(options, OPTIONS)
  checkPlace('from', from)
  checkPlace('to', to)
  if (!isServerUrl(from) || isServer(to)) {
    throw failure(
      'INVALID_ARGUMENT',
      'tables of go-go-scope 2.9 are copied from a server like postgres://… to a file first',
    )
  }
  const file = resolve(to)
  // SQLite would use leftover `-wal` and `-journal` files as its own.
  for (const name of [file, `${file}-wal`, `${file}-journal`]) await refuseExisting(name, 'copy')
  const source = await TablesOf29.open(from, given)
  try {
    const ends = { from: source.name, to: file }
    if (given.dryRun) return { ...ends, outcome: 'dry-run', tables: await countsOf(source) }
    return { ...ends, outcome: 'copied', tables: await make(file, source, given.progress) }
  } finally {
    await source.close()
  }
}

/** Creates the file under a temporary name. It gets its name once it is complete. */
async function make(file: string, source: TablesOf29, progress: Progress): Promise<TableFingerprint[]> {
  const folder = await mkdtemp(join(dirname(file), '.copy-')).catch((cause: Error) => {
    const problem = `copy ${file}: no file can be made in its folder (${cause.message})`
    throw new PersistenceError('CANNOT_OPEN', 'copy', problem, cause)
  })
  try {
    const temporary = join(folder, basename(file))
    const tables = await filled(temporary, source, progress)
    await publish(temporary, file, 'copy')
    await flushFolder(file)
    return tables
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function filled(path: string, source: TablesOf29, progress: Progress): Promise<TableFingerprint[]> {
  const target = (await openStore(path, { schema: '', readOnly: false, missing: 'make' })) as Store
  try {
    const id = randomUUID()
    const tables = await fill(source, target, id, progress)
    // 2.9 kept no locks and no claims.
    await target.copy.finish(id, { token: 0, generation: 0 })
    return tables
  } finally {
    await target.close()
  }
}
