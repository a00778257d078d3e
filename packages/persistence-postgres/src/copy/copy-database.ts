import { type OptionNames, type PersistenceError, pause, systemClock } from '@go-go-scope/persistence-core/dialect'
import { OUR_NAMES } from '../schema/moved.js'
import { copyOptions } from './copy-options.js'
import { failure } from './copy-source.js'
import { fill } from './fill.js'
import { countsOf, type TableFingerprint } from './fingerprint.js'
import { claim, isOfAnother, markOf, refuseNewTarget } from './marks.js'
import { checkPlace, clockAheadAt, isServer, nameOf, openStore } from './open-store.js'
import type { CopyProgress } from './progress.js'
import type { Store } from './store.js'

/** How {@link copyDatabase} moves a database. */
export interface CopyDatabaseOptions {
  /** The PostgreSQL schema, on a server. Default `go_goscope`. */
  schema?: string | undefined
  /** Only checks both sides and writes nothing. Default `false`. */
  dryRun?: boolean | undefined
  /**
   * ms to wait until all locks and claims of the source are released, from the time at which one is found. Default 0: a held one
   * fails the copy.
   */
  wait?: number | undefined
  /** Called on each wait with the names of some locks and claims that are held. */
  waiting?: ((held: readonly string[]) => void) | undefined
  /** Continues even if the clocks of the two sides differ by more than a second. Default `false`. */
  acceptClock?: boolean | undefined
  /** Called about once a second, and after each table, with the progress. */
  progress?: ((progress: CopyProgress) => void) | undefined
}

const UNSEAL_OPTIONS: OptionNames<Pick<CopyDatabaseOptions, 'schema'>> = { schema: true }
const OPTIONS: OptionNames<CopyDatabaseOptions> = {
  ...UNSEAL_OPTIONS,
  dryRun: true,
  wait: true,
  waiting: true,
  acceptClock: true,
  progress: true,
}

/** The result of a copy. */
export interface CopyResult {
  readonly from: string
  readonly to: string
  /** `dry-run`: nothing was written. */
  readonly outcome: 'moved' | 'dry-run'
  /** The tables of both sides, which are equal. In a dry run those of the source, without `sha256`. */
  readonly tables: readonly (TableFingerprint | Omit<TableFingerprint, 'sha256'>)[]
  /** Locks and claims that are held in the source and would make a copy fail. */
  readonly held: readonly string[]
  /** ms by which the clock used by the target is ahead of the clock used by the source. */
  readonly clockDifference: number
}

/** How to wait for locks and claims of the source. */
interface Wait {
  /** In ms. */
  readonly limit: number
  readonly waiting: CopyDatabaseOptions['waiting']
  /** Monotonic ms. Set when the first held one is found, so that opening the target takes none of the time. */
  until?: number
}

const ASK_AGAIN_MS = 200
const CLOCKS_MAY_DIFFER_MS = 1_000

/**
 * Moves everything that adapters have stored from a file to a server, or back. Tables of the app are not moved. The source is
 * sealed: every process that opens it or has it open gets `MOVED`, which names the target. An interrupted copy continues when it
 * is run again.
 *
 * @param from A path, or a URL as `PostgresAdapter.open` takes it.
 * @param to The same. It must be empty. A missing file is created.
 * @throws PersistenceError `BUSY` while locks or claims are held, `MOVED` or `FILE_EXISTS` if one side is in use for something
 *   else, `DIVERGED` if the two sides differ in the end; also the errors of opening both.
 */
export async function copyDatabase(from: string, to: string, options: CopyDatabaseOptions = {}): Promise<CopyResult> {
  const given = copyOptions(options, OPTIONS)
  const { schema = 'go_goscope', dryRun = false } = given
  checkPlace('from', from)
  checkPlace('to', to)
  if (!isServer(from) && !isServer(to)) {
    throw failure('INVALID_ARGUMENT', 'one side must be a server, like postgres://…; backup and restore copy files')
  }
  const source = (await openStore(from, { schema, readOnly: dryRun, missing: 'refuse' })) as Store
  try {
    if (isServer(to)) await refuseNames(source)
    const wait: Wait = { limit: given.wait ?? 0, waiting: given.waiting }
    let target = await openStore(to, { schema, readOnly: dryRun, missing: 'skip' })
    try {
      const name = target?.name ?? nameOf(to, schema)
      if (target === undefined) await refuseNewTarget(source, name)
      const targetAhead = await (target?.clockAhead() ?? clockAheadAt(to, schema))
      const clockDifference = Math.round(targetAhead - (await source.clockAhead()))
      if (given.acceptClock !== true) refuseClocks(source.name, name, clockDifference)
      if (dryRun) return await look(source, target, name, clockDifference)
      // The target is created only once nothing is held in the source.
      if (target === undefined) await untilFree(source, async () => (await source.held()).length === 0, wait)
      target ??= (await openStore(to, { schema, readOnly: false, missing: 'make' })) as Store
      return await move(source, target, given.progress, wait, clockDifference)
    } finally {
      await target?.close()
    }
  } finally {
    await source.close()
  }
}

/** Puts a moved store back into use. Later writes to the copy are not brought back. */
export async function unsealDatabase(place: string, options: { schema?: string } = {}): Promise<void> {
  const { schema = 'go_goscope' } = copyOptions(options, UNSEAL_OPTIONS)
  checkPlace('place', place)
  const store = await openStore(place, { schema, readOnly: false, missing: 'refuse' })
  try {
    await store?.unseal()
  } finally {
    await store?.close()
  }
}

/** Refuses caches of the app whose tables have names of ours on a server. On a file, all of ours begin with `go_goscope_`. */
async function refuseNames(source: Store): Promise<void> {
  const taken = (await source.ownCaches()).find((name) => OUR_NAMES.includes(name))
  if (taken === undefined) return
  throw failure(
    'INVALID_ARGUMENT',
    `the cache table ${JSON.stringify(taken)} in ${source.name} has the name of a table or sequence of ours; copy its entries to a cache with another tableName, and drop it`,
  )
}

/** @param difference ms by which the clock of the target is ahead. */
function refuseClocks(from: string, to: string, difference: number): void {
  if (Math.abs(difference) <= CLOCKS_MAY_DIFFER_MS) return
  throw failure(
    'INVALID_ARGUMENT',
    `the clock of ${to} is ${difference} ms ahead of that of ${from}, so expiries would be wrong; correct one, or pass --accept-clock`,
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
  const moved = async (): Promise<CopyResult> => ({
    ...(await look(source, target, target.name, clockDifference)),
    outcome: 'moved',
  })
  if (done) return moved()
  try {
    // The transaction that seals the source also checks that nothing is held.
    if (!sealed) await untilFree(source, () => source.seal(id, target.name), wait)
  } catch (error) {
    // Another copy may have sealed it meanwhile.
    if ((await source.moved()) === undefined) throw error
    return move(source, target, progress, wait, clockDifference)
  }
  try {
    await claimOrUnseal(source, target, id, sealed)
    const prints = await fill(source, target, id, progress)
    await target.copy.finish(id, await source.given())
    return { from: source.name, to: target.name, outcome: 'moved', tables: prints, held: [], clockDifference }
  } catch (error) {
    // Another run of this copy may have completed it. If that cannot be found out, the first error says more.
    if ((await target.filledBy().catch(() => undefined)) !== id) throw error
    return moved()
  }
}

/** Claims the target. If it certainly has none of our rows, a source that this run has sealed is put back into use. */
async function claimOrUnseal(source: Store, target: Store, id: string, sealedBefore: boolean): Promise<void> {
  try {
    await claim(source, target, id)
  } catch (error) {
    if (!sealedBefore && (await isOfAnother(target, id))) await source.unseal()
    throw error
  }
}

/** Retries until nothing is held in the source. @throws PersistenceError `BUSY` if something is still held at the time limit. */
async function untilFree(source: Store, isFree: () => Promise<boolean>, wait: Wait): Promise<void> {
  while (!(await isFree())) {
    const held = await source.held()
    const now = systemClock.monotonic()
    wait.until ??= now + wait.limit
    if (now >= wait.until) throw heldError(source, held)
    wait.waiting?.(held)
    await pause(ASK_AGAIN_MS)
  }
}

function heldError({ name }: Store, held: readonly string[]): PersistenceError {
  return failure(
    'BUSY',
    `${name} has held ${held.join(', ') || 'locks or claims'}; stop the apps that use it, or wait for the ends`,
  )
}
