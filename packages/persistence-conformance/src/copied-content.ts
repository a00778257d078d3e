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

/** Opens a copy in a place of its own, so that the copy itself stays as it is, and gives what `look` finds there. */
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

/** Writes one entry after the other, each in a commit of its own, until it is stopped. */
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
      // In one transaction: a copy has both or none.
      await this.#adapter.cache.setMany([
        [`first-${number}`, number],
        [`second-${number}`, number],
      ])
      this.acknowledged = number
      // On a synchronous engine the writes would otherwise leave no turn for the answers of a thread; and one after the other
      // without a pause took most of the time of these tests.
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
}

/** Asserts that a copy holds everything up to a moment and nothing after it, and that the moment is not before `least`. */
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

/** What is in the world's folder beside the database and what engines keep with it. */
export function besideDatabase(world: World): string[] {
  return readdirSync(world.folder)
    .filter((name) => !/^app\.db(-wal|-shm)?$/.test(name))
    .sort()
}

// Some engines are slowed down from their third megabyte on.
/** {@link fill} with so many, or more of the copy is over before it can be slowed down. */
export const ENTRIES = 60
export const SLOWLY = { rate: 50, maxBytesPerSecond: 20_000_000 }
