import type { Claim, PersistenceError } from '@go-go-scope/persistence-core/public'
import type { Database } from '../open-database.js'
import { cell } from '../output.js'
import type { CheckpointItem, CircuitItem, EntryItem, ExportedItem, ResultItem } from './format.js'
import { NotStored, type StandingClock } from './stored-text.js'

/** What to do with an item whose key exists. */
export const CONFLICTS = ['fail', 'skip', 'replace'] as const
export type Conflicts = (typeof CONFLICTS)[number]

/** The outcome of an item. `claimed`: its key is claimed and has no result yet, and may never get one. */
export type Outcome = 'written' | 'replaced' | 'there' | 'claimed' | 'expired'

/** How long the claims of a killed import stay. */
const LEASE_MS = 60_000

export const nameOf = (item: ExportedItem): string =>
  `the ${item.kind} ${cell(item.kind === 'checkpoint' ? item.id : item.key)}`

/** Writes one item under the database's prefix. */
export async function importItem(
  database: Database,
  item: ExportedItem,
  clock: StandingClock,
  conflicts: Conflicts,
): Promise<Outcome> {
  const replace = conflicts === 'replace'
  switch (item.kind) {
    case 'cache':
      return importEntry(database, item, clock, replace)
    case 'result':
      return importResult(database, item, clock, replace)
    case 'checkpoint':
      return importCheckpoint(database, item, replace)
    case 'circuit':
      return importCircuit(database, item, clock, replace)
  }
}

async function importEntry(
  { cache }: Database,
  { key, value, expiresAt }: EntryItem,
  clock: StandingClock,
  replace: boolean,
): Promise<Outcome> {
  const ttl = timeLeft(expiresAt, clock)
  if (ttl === 'none') return 'expired'
  if (replace) {
    const there = await cache.has(key)
    await cache.set(key, value, ttl)
    return there ? 'replaced' : 'written'
  }
  let asked = false
  // Stores nothing if another process has stored the key meanwhile.
  const given = (): string => {
    asked = true
    return value
  }
  await cache.getOrSet(key, given, ttl === undefined ? {} : { ttl })
  return asked ? 'written' : 'there'
}

/** Imports a result through a claim, because the database then decides who is first, and `set` cannot store all fields. */
async function importResult(
  { idempotency }: Database,
  { key, outcome, value, reason = '', fingerprint, expiresAt }: ResultItem,
  clock: StandingClock,
  replace: boolean,
): Promise<Outcome> {
  const ttl = timeLeft(expiresAt, clock)
  if (ttl === 'none') return 'expired'
  const options = {
    lease: LEASE_MS,
    onFailure: 'keep',
    ...(ttl !== undefined && { ttl }),
    ...(fingerprint !== undefined && { fingerprint }),
  } as const
  const claim = async (): Promise<Claim<unknown> | undefined> => {
    try {
      return await idempotency.claim(key, options)
    } catch (error) {
      if (!['RESULT_NOT_STORED', 'FINGERPRINT_MISMATCH'].includes((error as PersistenceError).code)) throw error
      return undefined
    }
  }
  let claimed = await claim()
  const first = claimed?.state === 'claimed'
  if (!first && replace) {
    // `delete` leaves claims alone.
    await idempotency.delete(key)
    claimed = await claim()
  }
  if (claimed?.state === 'running') return 'claimed'
  if (claimed?.state !== 'claimed') return 'there'
  if (outcome === 'failed') await claimed.fail(value)
  else if (outcome === 'completed') await claimed.complete(value)
  else {
    await claimed.complete(new NotStored(reason)).catch((error: PersistenceError) => {
      if (error.code !== 'RESULT_NOT_STORED') throw error
    })
  }
  return first ? 'written' : 'replaced'
}

async function importCheckpoint(
  { checkpoint }: Database,
  { kind: _, prefix: __, ...given }: CheckpointItem,
  replace: boolean,
): Promise<Outcome> {
  const there = (await checkpoint.load(given.id)) !== undefined
  if (there && !replace) return 'there'
  await checkpoint.save(given)
  return there ? 'replaced' : 'written'
}

async function importCircuit(
  { circuitBreaker }: Database,
  { key, state, failures, isolated, openedAt, lastFailureAt, lastSuccessAt, updatedAt }: CircuitItem,
  clock: StandingClock,
  replace: boolean,
): Promise<Outcome> {
  const there = (await circuitBreaker.getState(key)) !== null
  if (there && !replace) return 'there'
  // A circuit's opening time is that of the call that opens it, so the clock is set first. An open one keeps its time.
  clock.moveTo(openedAt ?? updatedAt)
  if (there) await circuitBreaker.reset(key)
  await circuitBreaker.setState(key, {
    state,
    failureCount: failures,
    ...(lastFailureAt !== undefined && { lastFailureTime: lastFailureAt }),
    ...(lastSuccessAt !== undefined && { lastSuccessTime: lastSuccessAt }),
  })
  if (isolated) await circuitBreaker.isolate(key)
  return there ? 'replaced' : 'written'
}

/** Returns the ms to live; `undefined` means forever. */
function timeLeft(expiresAt: number | undefined, clock: StandingClock): number | 'none' | undefined {
  if (expiresAt === undefined) return undefined
  return expiresAt > clock.now() ? expiresAt - clock.now() : 'none'
}
