import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { refuses, throwsRefusal } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { OBJECT_CALLS } from './store-calls.js'

/** Misspelt options with the option that was meant. */
const ADAPTER_SLIPS: readonly (readonly [slip: string, option: string])[] = [
  ['keyPrefx', 'keyPrefix'],
  ['lock', 'locks'],
  ['defaultLockTtl', 'defaultLockTTL'],
  ['onDiagnostics', 'onDiagnostic'],
  ['maxKeyLenght', 'maxKeyLength'],
]
const OPEN_SLIPS = [...ADAPTER_SLIPS, ['readonly', 'readOnly'], ['cachesize', 'cacheSize'], ['durabilty', 'durability']]
const CALL_SLIPS: Readonly<Record<string, readonly (readonly [slip: string, option: string])[]>> = {
  'cache.getOrSet': [
    ['tll', 'ttl'],
    ['staleWhileRevaldate', 'staleWhileRevalidate'],
    ['singal', 'signal'],
  ],
  'cache.keys': [['startWith', 'startsWith']],
  'cache.clear': [['startswith', 'startsWith']],
  'cache.entries': [
    ['afer', 'after'],
    ['limits', 'limit'],
  ],
  'idempotency.claim': [
    ['leese', 'lease'],
    ['fingerPrint', 'fingerprint'],
    ['onfailure', 'onFailure'],
    ['renewed', 'renew'],
  ],
  'idempotency.once': [
    ['leases', 'lease'],
    ['fingerPrint', 'fingerprint'],
    ['singal', 'signal'],
  ],
  'lock.hold': [
    ['renewal', 'renew'],
    ['maxlife', 'maxLife'],
    ['wiat', 'wait'],
    ['singal', 'signal'],
  ],
  'circuitBreaker.admit': [['probe', 'probes']],
  'circuitBreaker.run': [['maxFailure', 'maxFailures']],
  fenced: [['parameter', 'parameters']],
}

/** Values without option names. Read as options, each would leave every default in place: `clear` would remove everything. */
const NOT_OPTIONS: readonly (readonly [unknown, string])[] = [
  [Promise.resolve({ startsWith: 'k' }), 'a promise that was not awaited'],
  [/k/, 'RegExp'],
  [new Map([['startsWith', 'k']]), 'Map'],
  [[], '[]'],
]

export const unknownOptions: EngineSuite = engineSuite('unknown options', (check) => {
  check.inFile('the constructors and open name the nearest option, and open makes no file', async (world) => {
    const { SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter } = world.engine
    const handle = (await world.handle()) as never
    const says = (slip: string, option: string) => ({
      code: 'INVALID_OPTION',
      says: [`"${slip}"`, `did you mean ${option}?`, /options are keyPrefix, /],
    })
    for (const [slip, option] of ADAPTER_SLIPS) {
      for (const Adapter of [SQLiteAdapter, SQLiteCacheAdapter, SQLiteIdempotencyAdapter]) {
        throwsRefusal(() => new Adapter(handle, { [slip]: 1 }), says(slip, option))
      }
    }
    throwsRefusal(() => new SQLiteCacheAdapter(handle, { tablename: 'x' } as never), says('tablename', 'tableName'))
    throwsRefusal(() => new SQLiteAdapter(handle, { readOnly: true } as never), { code: 'INVALID_OPTION' })
    const files = await readdir(world.folder)
    for (const [slip, option] of OPEN_SLIPS as [string, string][]) {
      await refuses(() => SQLiteAdapter.open(`${world.path}-new`, { [slip]: 1 }), says(slip, option))
    }
    assert.deepEqual(await readdir(world.folder), files)
  })

  check('an option that resembles none gets the list of options', async (world) => {
    const error = await refuses(() => world.open({ walAutocheckpoint: 1 } as never), { code: 'INVALID_OPTION' })
    assert.ok(!error.message.includes('did you mean'), error.message)
    // The name that a scope has for `maxFailures`.
    const run = (await world.adapter()).circuitBreaker.run('payments', () => 1, { failureThreshold: 3 } as never)
    const refused = await refuses(() => run, { code: 'INVALID_ARGUMENT', says: ['maxFailures'] })
    assert.ok(!refused.message.includes('did you mean'), refused.message)
  })

  check('a value that is not a plain object is not taken for empty options', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const lock = (await adapter.lock.acquire('held', 60_000)) as never
    const before = await world.dump()
    for (const [wrong, named] of NOT_OPTIONS) {
      for (const [name, , call] of OBJECT_CALLS) {
        // The other methods take an argument that is not an options object, and check it themselves.
        if (!(name in CALL_SLIPS) || name === 'fenced') continue
        await refuses(() => call(adapter, wrong as never, lock), { code: 'INVALID_ARGUMENT', says: ['options', named] })
      }
    }
    assert.equal(await world.dump(), before)
  })

  check('every method that takes options names the nearest one, and nothing changes', async (world) => {
    const adapter = await world.adapter({ locks: 'database' })
    const lock = (await adapter.lock.acquire('held', 60_000)) as never
    const before = await world.dump()
    const tried = new Set<string>()
    for (const [name, options, call] of OBJECT_CALLS) {
      for (const [slip, option] of CALL_SLIPS[name] ?? []) {
        tried.add(name)
        const error = await refuses(() => call(adapter, { ...options, [slip]: 1 } as never, lock), {
          code: 'INVALID_ARGUMENT',
          says: [`"${slip}"`, `did you mean ${option}?`],
        })
        assert.equal(error.operation, name)
      }
    }
    assert.deepEqual([...tried].toSorted(), Object.keys(CALL_SLIPS).toSorted())
    assert.equal(await world.dump(), before)
  })
})
