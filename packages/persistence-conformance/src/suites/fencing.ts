import assert from 'node:assert/strict'
import type { AdapterUnderTest } from '../engine-under-test.js'
import { taken } from '../held.js'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import type { World } from '../world.js'

const TTL = 1_000
const database = { locks: 'database' } as const
const write = (text: string) => [{ sql: 'INSERT INTO notes (text) VALUES (?)', parameters: [text] }]

async function withNotes(world: World): Promise<[AdapterUnderTest, AdapterUnderTest]> {
  const adapters: [AdapterUnderTest, AdapterUnderTest] = [await world.adapter(database), await world.second(database)]
  await world.rows('CREATE TABLE notes (text TEXT NOT NULL UNIQUE)')
  return adapters
}

async function notes(world: World): Promise<unknown[]> {
  return (await world.rows('SELECT text FROM notes ORDER BY text')).map(({ text }) => text)
}

/** Ways to lose a lock without being notified. */
const LOSSES: readonly (readonly [string, (other: AdapterUnderTest, world: World) => Promise<unknown>])[] = [
  ['expired', async (_other, world) => world.clock.advance(TTL)],
  [
    'expired and taken by another',
    async (other, world) => {
      world.clock.advance(TTL)
      await taken(other, 'job')
    },
  ],
  [
    'expired and taken by the same owner anew',
    async (other, world) => {
      world.clock.advance(TTL)
      await taken(other, 'job', TTL, 'me')
    },
  ],
  ['force-released', (other) => other.lock.forceRelease('job')],
  [
    'expired by a clock that was then set back',
    async (other, world) => {
      world.clock.jump(2 * TTL)
      await taken(other, 'job')
      world.clock.jump(-2 * TTL)
    },
  ],
]

export const fencing: EngineSuite = engineSuite('fenced writes', (check) => {
  check('the holder’s statements run in one transaction and give their rows', async (world) => {
    const [one] = await withNotes(world)
    const handle = await taken(one, 'job')
    const rows = await one.fenced(handle as never, [
      { sql: 'INSERT INTO notes (text) VALUES (?), (?2) RETURNING text', parameters: ['a', 'b'] },
      { sql: 'DELETE FROM notes WHERE text = ?', parameters: ['a'] },
      { sql: 'SELECT text FROM notes' },
    ])
    assert.deepEqual(
      rows.map((of) => of.map((row) => ({ ...row }))),
      [[{ text: 'a' }, { text: 'b' }], [], [{ text: 'b' }]],
    )
    assert.deepEqual(await notes(world), ['b'])
    assert.deepEqual(await one.fenced(handle as never, []), [])
  })

  for (const [how, lose] of LOSSES) {
    check(`a holder whose lock was ${how} writes nothing and gets an error`, async (world) => {
      const [one, two] = await withNotes(world)
      const handle = await taken(one, 'job', TTL, 'me')
      await one.fenced(handle as never, write('in time'))
      const { signal } = handle
      await lose(two, world)
      await refuses(() => one.fenced(handle as never, write('too late')), { code: 'LOCK_LOST', says: ['job'] })
      assert.deepEqual(await notes(world), ['in time'])
      assert.equal(signal.aborted, true)
      assert.equal(await handle.isValid(), false)
    })
  }

  check('a handle that was released writes nothing, even while its owner holds the lock by another', async (world) => {
    const [one] = await withNotes(world)
    const first = await taken(one, 'job', TTL, 'me')
    const second = await taken(one, 'job', TTL, 'me')
    await first.release()
    await refuses(() => one.fenced(first as never, write('first')), { code: 'LOCK_LOST' })
    await one.fenced(second as never, write('second'))
    assert.deepEqual(await notes(world), ['second'])
  })

  check('a failing statement rolls all of them back and keeps the lock', async (world) => {
    const [one] = await withNotes(world)
    const handle = await taken(one, 'job')
    const twice = [...write('kept?'), ...write('same'), ...write('same')]
    await refuses(() => one.fenced(handle as never, twice), { code: 'CONSTRAINT' })
    await refuses(() => one.fenced(handle as never, [...write('kept?'), { sql: 'SELECT nonsense' }]), { code: 'SQL' })
    assert.deepEqual(await notes(world), [])
    assert.equal(await handle.isValid(), true)
    assert.equal(handle.signal.aborted, false)
    await one.fenced(handle as never, write('after'))
    assert.deepEqual(await notes(world), ['after'])
  })

  check.inFile('a conflict clause that rolls back by itself leaves no transaction open', async (world) => {
    const [one, two] = await withNotes(world)
    const handle = await taken(one, 'job')
    await one.fenced(handle as never, write('here'))
    const statements = [
      ...write('gone'),
      { sql: "INSERT OR ROLLBACK INTO notes (text) VALUES ('here')" },
      ...write('no'),
    ]
    await refuses(() => one.fenced(handle as never, statements), { code: 'CONSTRAINT' })
    assert.deepEqual(await notes(world), ['here'])
    await two.lock.forceRelease('job')
  })

  check('fenced transactions and plain writes made at once do not mix', async (world) => {
    const [one] = await withNotes(world)
    const handle = await taken(one, 'job')
    const failing = one.fenced(handle as never, [...write('undone'), { sql: 'SELECT nonsense' }])
    const calls = Array.from({ length: 20 }, (_, index) => one.cache.set(`k${index}`, index))
    const done = one.fenced(handle as never, write('done'))
    await assert.rejects(failing)
    await Promise.all([...calls, done])
    assert.equal((await one.cache.keys()).length, 20)
    assert.deepEqual(await notes(world), ['done'])
  })

  check('fenced accepts locks of its own database only', async (world) => {
    const [one, two] = await withNotes(world)
    const handle = await taken(one, 'job')
    await two.fenced(handle as never, write('another connection to the file'))
    const elsewhere = await world.open({ ...database, clock: world.clock }, `${world.path}.other`)
    await refuses(() => elsewhere.fenced(handle as never, write('x')), { code: 'INVALID_ARGUMENT', says: ['database'] })
    const prefixed = await world.adapter({ ...database, keyPrefix: 'other:' })
    await prefixed.fenced(handle as never, write('another prefix'))
    await world.second({ ...database, keyPrefix: 'other:' })
    assert.equal((await notes(world)).length, 2)
  })

  check('fenced refuses a lock in memory', async (world) => {
    await withNotes(world)
    const adapter = await world.adapter()
    const handle = await taken(adapter, 'job')
    const refusal = { code: 'INVALID_ARGUMENT', says: ['locks: "database"'] }
    await refuses(() => adapter.fenced(handle as never, write('x')), refusal)
    assert.deepEqual(await notes(world), [])
  })

  check('an argument that is not a lock is refused, and so is every call after disconnect', async (world) => {
    const [one, two] = await withNotes(world)
    const handle = await taken(one, 'job')
    for (const bad of [null, undefined, 'job', {}, { key: 'job', token: handle.token, owner: handle.owner }]) {
      await refuses(() => one.fenced(bad as never, write('x')), { code: 'INVALID_ARGUMENT', says: ['handle'] })
    }
    await one.disconnect()
    await refuses(() => one.fenced(handle as never, write('x')), { code: 'CLOSED' })
    assert.deepEqual(await notes(world), [])
    await two.disconnect()
  })
})
