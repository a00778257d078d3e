import { type PersistenceError, pause, systemClock } from '@go-go-scope/persistence-core/dialect'
import { failure } from './copy-source.js'
import { fill } from './fill.js'
import { countsOf, type TableFingerprint } from './fingerprint.js'
import { claim, isOfAnother, markOf, refuseNewTarget } from './marks.js'
import { clockAheadAt, isServer, nameOf, openStore } from './open-store.js'
import type { CopyProgress } from './progress.js'
import type { Store } from './store.js'

export interface CopyDatabaseOptions {
  /** The PostgreSQL schema, on a server. Default `go_goscope`. */
  schema?: string
  /** Only looks, on both sides. Default `false`. */
  dryRun?: boolean
  /** ms to wait for locks and claims of the source that are held. Default 0: they are refused. */
  wait?: number
  /** Hears what is held each time that it is waited for: names of some locks and claims. */
  waiting?: (held: readonly string[]) => void
  /** Goes on although the clocks of the two sides differ by more than a second. Default `false`. */
  acceptClock?: boolean
  /** Hears about once a second, and when a table is done, how far it is. */
  progress?: (progress: CopyProgress) => void
}

/** What a copy came to. */
export interface CopyResult {
  readonly from: string
  readonly to: string
  /** `dry-run`: nothing was written. */
  readonly outcome: 'moved' | 'dry-run'
  /** Of both sides, which are the same; where nothing was copied those of the source, without `sha256`. */
  readonly tables: readonly (TableFingerprint | Omit<TableFingerprint, 'sha256'>)[]
  /** Locks and claims that are held in the source, which is why a copy would be refused. */
  readonly held: readonly string[]
  /** ms by which the clock that judges the target is ahead of the one that judges the source. */
  readonly clockDifference: number
}

/** For locks and claims of the source. */
interface Wait {
  /** Monotonic ms. */
  readonly until: number
  readonly waiting: CopyDatabaseOptions['waiting']
}

const ASK_AGAIN_MS = 200
const CLOCKS_MAY_DIFFER_MS = 1_000

/**
 * Moves everything that adapters have stored from a file to a server, or back. Tables of the app stay where they are. The
 * source is left sealed: whoever opens it, or has it open, gets `MOVED`, which names the target. A copy that was ended goes on
 * where it was when it is run again.
 *
 * @param from A path, or a URL as `PostgresAdapter.open` takes it.
 * @param to The same; a file that does not exist is made. It must be empty.
 * @throws PersistenceError `BUSY` while locks or claims are held, `MOVED` and `FILE_EXISTS` where one side belongs to something
 *   else, `DIVERGED` where the two sides are not the same in the end; those of opening both.
 */
export async function copyDatabase(from: string, to: string, options: CopyDatabaseOptions = {}): Promise<CopyResult> {
  const { schema = 'go_goscope', dryRun = false } = options
  if (!isServer(from) && !isServer(to)) {
    throw failure(
      'INVALID_ARGUMENT',
      'one side must be a server, like postgres://…; of files, backup and restore make copies',
    )
  }
  const source = (await openStore(from, { schema, readOnly: dryRun, missing: 'refuse' })) as Store
  try {
    const wait = { until: systemClock.monotonic() + (options.wait ?? 0), waiting: options.waiting }
    let target = await openStore(to, { schema, readOnly: dryRun, missing: 'skip' })
    try {
      const name = target?.name ?? nameOf(to, schema)
      if (target === undefined) await refuseNewTarget(source, name)
      const targetAhead = await (target?.clockAhead() ?? clockAheadAt(to, schema))
      const clockDifference = Math.round(targetAhead - (await source.clockAhead()))
      if (options.acceptClock !== true) refuseClocks(source.name, name, clockDifference)
      if (dryRun) return await look(source, target, name, clockDifference)
      // Not before nothing is held in the source.
      if (target === undefined) await untilFree(source, async () => (await source.held()).length === 0, wait)
      target ??= (await openStore(to, { schema, readOnly: false, missing: 'make' })) as Store
      return await move(source, target, options.progress, wait, clockDifference)
    } finally {
      await target?.close()
    }
  } finally {
    await source.close()
  }
}

/** Puts a store back into use that a copy has left. What was written to the other one since is not brought back. */
export async function unsealDatabase(
  place: string,
  { schema = 'go_goscope' }: { schema?: string } = {},
): Promise<void> {
  const store = await openStore(place, { schema, readOnly: false, missing: 'refuse' })
  try {
    await store?.unseal()
  } finally {
    await store?.close()
  }
}

/** @param difference ms by which the clock of the target is ahead. */
function refuseClocks(from: string, to: string, difference: number): void {
  if (Math.abs(difference) <= CLOCKS_MAY_DIFFER_MS) return
  throw failure(
    'INVALID_ARGUMENT',
    `the clock of ${to} is ${difference} ms ahead of that of ${from}, by which everything would expire earlier or later; correct one, or pass --accept-clock`,
  )
}

async function look(
  source: Store,
  target: Store | undefined,
  to: string,
  clockDifference: number,
): Promise<CopyResult> {
  if (target !== undefined) await markOf(source, target)
  const tables = await countsOf(source)
  const held = await source.held()
  return { from: source.name, to: target?.name ?? to, outcome: 'dry-run', tables, held, clockDifference }
}

async function move(
  source: Store,
  target: Store,
  progress: CopyDatabaseOptions['progress'],
  wait: Wait,
  clockDifference: number,
): Promise<CopyResult> {
  const { id, sealed, done } = await markOf(source, target)
  // Whether nothing is held is found out by the transaction that leaves it.
  if (!sealed) await untilFree(source, () => source.seal(id, target.name), wait)
  if (done) return { ...(await look(source, target, target.name, clockDifference)), outcome: 'moved' }
  try {
    await claim(source, target, id)
  } catch (error) {
    // Where nothing of it can be there, what was left just now goes on.
    if (!sealed && (await isOfAnother(target, id))) await source.unseal()
    throw error
  }
  const prints = await fill(source, target, id, progress)
  await target.copy.finish(id, await source.given())
  return { from: source.name, to: target.name, outcome: 'moved', tables: prints, held: [], clockDifference }
}

/** Tries until nothing is held in the source any more. @throws PersistenceError `BUSY` when that is not so in time. */
async function untilFree(source: Store, isFree: () => Promise<boolean>, { until, waiting }: Wait): Promise<void> {
  while (!(await isFree())) {
    const held = await source.held()
    if (systemClock.monotonic() >= until) throw heldError(source, held)
    waiting?.(held)
    await pause(ASK_AGAIN_MS)
  }
}

function heldError({ name }: Store, held: readonly string[]): PersistenceError {
  return failure(
    'BUSY',
    `${name} has held ${held.join(', ') || 'locks or claims'}; stop the apps that use it, or wait for the ends`,
  )
}
