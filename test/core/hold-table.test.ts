import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { type Hold, leaseOf } from '../../packages/shared/src/stores/lock/hold.js'
import { HoldTable } from '../../packages/shared/src/stores/lock/hold-table.js'

const TTL = 1_000
// More than the entries that are checked at once.
const MANY = 1_000

const clock = new ManualClock()
let grants = 0
function grant(table: HoldTable, key: string): Hold {
  const expiresAt = clock.monotonic() + TTL
  const hold: Hold = { key, token: ++grants, owner: undefined, expiresAt, count: 1, lease: undefined }
  table.add(hold)
  return hold
}

test('a process that locks a name of its own for every request keeps few keys of released locks', () => {
  const table = new HoldTable(clock)
  let most = 0
  for (let request = 0; request < 10 * MANY; request++) {
    table.release(grant(table, `request ${request}`))
    most = Math.max(most, table.keys)
  }
  expect(table.size).toBe(0)
  expect(most).toBeLessThan(MANY / 2)
})

test('locks that are held do not keep the keys of released ones', () => {
  const table = new HoldTable(clock)
  for (let at = 0; at < MANY; at++) grant(table, `held ${at}`)
  for (let request = 0; request < 10 * MANY; request++) table.release(grant(table, `request ${request}`))
  expect(table.size).toBe(MANY)
  expect(table.keys).toBeLessThan(3 * MANY)
})

test('many locks that are held at once and released leave few keys', () => {
  const table = new HoldTable(clock)
  const all = Array.from({ length: 10 * MANY }, (_, at) => grant(table, `job ${at}`))
  for (const hold of all) table.release(hold)
  expect(table.keys).toBe(0)
})

test('expired holds leave while others are acquired', () => {
  const table = new HoldTable(clock)
  for (let at = 0; at < MANY; at++) grant(table, `crashed ${at}`)
  clock.pass(TTL)
  for (let at = 0; at < MANY; at++) grant(table, `next ${at}`)
  expect(table.size).toBe(MANY)
})

test('a listener that acquires the lock at once, when its hold is found to have expired, keeps it', () => {
  const table = new HoldTable(clock)
  const again: Hold[] = []
  for (let at = 0; at < MANY; at++) {
    const hold = grant(table, `job ${at}`)
    leaseOf(hold, clock).signal.addEventListener('abort', () => again.push(grant(table, hold.key)))
  }
  // No timer has fired yet: the checks are the first to find the expired hold.
  clock.pass(TTL)
  for (let at = 0; at < 2 * MANY; at++) grant(table, `next ${at}`)
  expect(again).toHaveLength(MANY)
  for (const hold of again) expect(table.find(hold.key)).toBe(hold)
})
