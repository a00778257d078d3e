import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import type { AdapterUnderTest } from './engine-under-test.js'
import type { World } from './world.js'

const ENTRY = 'x'.repeat(100_000)

/** Fills the database so that a copy takes several steps: each of the `entries` has 100 KB. */
export async function fill(adapter: AdapterUnderTest, entries: number): Promise<void> {
  await adapter.cache.setMany(Array.from({ length: entries }, (_, at) => [`entry-${at}`, ENTRY]))
}

/** Opens a copy of the copy, so that the copy itself is not changed, and returns the result of `look`. */
export async function inCopy<Found>(
  world: World,
  copy: string,
  look: (adapter: AdapterUnderTest) => Promise<Found>,
): Promise<Found> {
  const place = `${copy}.opened`
  await copyFile(copy, place)
  const adapter = await world.engine.SQLiteAdapter.open(place)
  try {
    return await look(adapter)
  } finally {
    await adapter.disconnect()
  }
}

/** Writes entries one after the other, each in its own commit, until it is stopped. */
export class Writing {
  /** The number of the last entry that was acknowledged. */
  acknowledged = 0
  readonly #adapter: AdapterUnderTest
  #over = false
  readonly #done: Promise<void>

  constructor(adapter: AdapterUnderTest) {
    this.#adapter = adapter
    this.#done = this.#write()
    this.#done.catch(() => undefined)
  }

  async stop(): Promise<void> {
    this.#over = true
    await this.#done
  }

  async #write(): Promise<void> {
    while (!this.#over) {
      const number = this.acknowledged + 1
      // In one transaction, so a copy has both entries or neither.
      await this.#adapter.cache.setMany([
        [`first-${number}`, number],
        [`second-${number}`, number],
      ])
      this.acknowledged = number
      // Without a pause, a synchronous engine would starve the answers of threads, and writing took most of these tests' time.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}

/** Asserts that a copy is a snapshot: it has all entries up to some number, which is at least `least`, and none after it. */
export async function assertMoment(world: World, copy: string, least: number): Promise<void> {
  const keys = await inCopy(world, copy, ({ cache }) => Promise.all([cache.keys('first-*'), cache.keys('second-*')]))
  const [first, second] = keys.map((names) => names.map((name) => Number(name.split('-')[1])).sort((a, b) => a - b))
  assert.deepEqual(first, second, 'a transaction is in the copy by half')
  assert.deepEqual(
    first,
    Array.from({ length: first?.length ?? 0 }, (_, at) => at + 1),
    'the copy has a gap',
  )
  assert.ok(
    (first?.length ?? 0) >= least,
    `${least} were acknowledged before the copy began, and it has ${first?.length}`,
  )
}

/** Returns the files in the world's folder, except the database and the files that engines keep with it. */
export function besideDatabase(world: World): string[] {
  return readdirSync(world.folder)
    .filter((name) => !/^app\.db(-wal|-shm)?$/.test(name))
    .sort()
}

// Some engines are slowed down from their third megabyte on.
/** The number of entries for {@link fill}. With fewer, most of a copy is over before it can be slowed down. */
export const ENTRIES = 60
export const SLOWLY = { rate: 50, maxBytesPerSecond: 20_000_000 }
