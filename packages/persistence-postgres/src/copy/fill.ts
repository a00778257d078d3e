import { type CopySource, failure, labelOf, type StoreTable } from './copy-source.js'
import { fingerprintOf, type TableFingerprint } from './fingerprint.js'
import { type CopyProgress, ProgressReporter } from './progress.js'
import type { Store } from './store.js'

/**
 * Copies a source to a target, continues where an earlier run stopped, and compares both. The target stays marked as being
 * filled.
 *
 * @param id The id of the copy.
 * @returns the fingerprints of both sides, which are equal.
 * @throws PersistenceError `DIVERGED`.
 */
export async function fill(
  source: CopySource,
  target: Store,
  id: string,
  progress: ((progress: CopyProgress) => void) | undefined,
): Promise<TableFingerprint[]> {
  const tables = await source.tables()
  if ((await target.filling()) === undefined) await target.copy.begin({ id, store: source.name }, tables)
  const report = await ProgressReporter.over(source, tables, progress)
  for (const table of tables) await copyTable(source, target, table, report)
  const prints: TableFingerprint[] = []
  for (const table of tables) prints.push(await compare(source, target, table, report))
  return prints
}

async function copyTable(
  source: CopySource,
  target: Store,
  table: StoreTable,
  report: ProgressReporter,
): Promise<void> {
  let filled = await target.copy.filled(table)
  report.skip('copying', filled.rows)
  for await (const page of source.pages(table, filled.position)) {
    filled = await target.copy.write(table, page, filled)
    report.did('copying', labelOf(table), page.rows.length)
  }
  // The rows must survive a crash before they are compared.
  await target.copy.flush(table, filled)
}

/** @throws PersistenceError `DIVERGED`. */
async function compare(
  source: CopySource,
  target: Store,
  table: StoreTable,
  report: ProgressReporter,
): Promise<TableFingerprint> {
  const name = labelOf(table)
  const [there, here] = await Promise.all([
    fingerprintOf(source, table, (rows) => report.did('comparing', name, rows)),
    fingerprintOf(target, table),
  ])
  if (there.rows === here.rows && there.sha256 === here.sha256) return there
  const sides = `${name} has ${there.rows} rows in ${source.name} (${there.sha256.slice(0, 12)}) and ${here.rows} in ${target.name} (${here.sha256.slice(0, 12)})`
  throw failure(
    'DIVERGED',
    `the two sides differ: ${sides}; nothing may write to the target meanwhile: drop it, and run the copy again`,
  )
}
