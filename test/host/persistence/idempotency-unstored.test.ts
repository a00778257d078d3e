import { type IdempotencyProvider, InMemoryIdempotencyProvider, ResultNotStoredError, scope } from 'go-go-scope'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { deferred } from '../support/deferred.js'
import { eventually } from '../support/eventually.js'
import type { AdapterOfTest } from './database-of-test.js'
import { connectForEachTest, one, two } from './two-connections.js'

connectForEachTest()

const idempotency = { key: 'k' }

class Receipt {
  readonly charge = () => 1
}

/** A store of JSON text with only `get` and `set`. Several stores over one map simulate several processes. */
function jsonStore(texts: Map<string, string>): IdempotencyProvider {
  return {
    async get<T>(key: string) {
      const text = texts.get(key)
      return text === undefined ? null : { value: JSON.parse(text) as T }
    },
    async set(key, value) {
      texts.set(key, JSON.stringify(value))
    },
    async delete(key) {
      texts.delete(key)
    },
  }
}

/** Returns the methods of an adapter that a host without claims uses. */
const withoutClaims = ({ idempotency: store }: AdapterOfTest): IdempotencyProvider => ({
  get: <T>(key: string) => store.get<T>(key),
  set: (key, value, ttl) => store.set(key, value, ttl),
  delete: (key) => store.delete(key),
})

const texts = new Map<string, string>()

describe.each<[string, () => [IdempotencyProvider, IdempotencyProvider], unknown, RegExp]>([
  ['claims', () => [one.idempotency, two.idempotency], new Receipt(), /could not be stored: cannot store the value/],
  [
    'claims, and a member of the value',
    () => [one.idempotency, two.idempotency],
    { cards: [{ charge: () => 1 }] },
    /cannot store the member cards\[0\]\.charge of the value/,
  ],
  [
    'claims, and a list',
    () => [one.idempotency, two.idempotency],
    ['R-1', () => 1],
    /cannot store the member \[1\] of the value/,
  ],
  ['get and set', () => [withoutClaims(one), withoutClaims(two)], new Receipt(), /cannot store the value/],
  ['get, and then claims', () => [withoutClaims(one), two.idempotency], new Receipt(), /cannot store the value/],
  ['claims, and then get', () => [one.idempotency, withoutClaims(two)], new Receipt(), /cannot store the value/],
  ['plain JSON', () => [jsonStore(texts), jsonStore(texts)], { amount: 10n }, /BigInt/],
])('a result that a store of %s cannot hold', (_, providers, value, reason) => {
  beforeEach(() => texts.clear())

  it('is the result of its own task, reported once, and the work is not done again', async () => {
    const [first, second] = providers()
    const onError = vi.fn()
    await using here = scope({ persistence: { idempotency: first }, hooks: { onError } })
    await using there = scope({ persistence: { idempotency: second } })
    const work = vi.fn(() => value)
    const [error, own] = await here.task(work, { idempotency })
    expect([error, own]).toEqual([undefined, value])
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.any(ResultNotStoredError),
      expect.stringMatching(/^idempotency\.(complete|set)$/),
    )
    expect(onError.mock.lastCall?.[0].message).toMatch(reason)
    expect(onError.mock.lastCall?.[0].message).toContain('the key counts as done')
    for (const s of [here, there, here]) {
      const [later, nothing] = await s.task(work, { idempotency })
      expect(later).toBeInstanceOf(ResultNotStoredError)
      expect(later).toMatchObject({ key: 'k', code: 'RESULT_NOT_STORED' })
      expect(later?.message).toMatch(reason)
      expect(nothing).toBeUndefined()
    }
    expect(work).toHaveBeenCalledOnce()
    await second.delete('k')
    expect(await there.task(() => 'again', { idempotency })).toEqual([undefined, 'again'])
  })

  it('is the result of the tasks that joined the run too', async () => {
    const [first] = providers()
    await using s = scope({ persistence: { idempotency: first } })
    const end = deferred()
    const work = vi.fn(() => end.promise.then(() => value))
    const tasks = [s.task(work, { idempotency }), s.task(work, { idempotency })]
    await eventually(() => expect(work).toHaveBeenCalled())
    end.resolve()
    expect(await Promise.all(tasks)).toEqual([
      [undefined, value],
      [undefined, value],
    ])
    expect(work).toHaveBeenCalledOnce()
  })
})

describe('the mark of a result that could not be stored', () => {
  it('has no second element, so that the published host runs the key again and stores over it', async () => {
    await using s = scope({ persistence: { idempotency: jsonStore(texts) } })
    await s.task(() => 1n, { idempotency })
    const stored: unknown[] = JSON.parse(texts.get('k') ?? '')
    expect(stored[1]).toBeUndefined()
  })

  it('does not replace a value that another process has stored meanwhile', async () => {
    const provider = new InMemoryIdempotencyProvider()
    const refusal = vi.spyOn(provider, 'set').mockImplementationOnce(async (key) => {
      await provider.set(key, [undefined, 'theirs'])
      throw new Error('no')
    })
    await using s = scope({ persistence: { idempotency: provider } })
    expect(await s.task(() => 'mine', { idempotency })).toEqual([undefined, 'mine'])
    expect(await s.task(() => 'again', { idempotency })).toEqual([undefined, 'theirs'])
    expect(refusal).toHaveBeenCalledTimes(2)
  })
})

describe('an adapter that is disconnected while a task with a key runs', () => {
  it.each(['with claims', 'without'])('costs the record, not the result, and is reported once: %s', async (kind) => {
    const onError = vi.fn()
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const provider = kind === 'without' ? withoutClaims(one) : one.idempotency
    await using s = scope({ persistence: { idempotency: provider }, hooks: { onError }, logger })
    const [begun, end] = [deferred(), deferred()]
    const task = s.task(
      async () => {
        begun.resolve()
        await end.promise
        return 'receipt'
      },
      { idempotency: { key: 'k', lease: 300 } },
    )
    await begun.promise
    await one.disconnect()
    end.resolve()
    expect(await task).toEqual([undefined, 'receipt'])
    expect(onError).toHaveBeenCalledOnce()
    expect(logger.error).toHaveBeenCalledOnce()
    const [error] = onError.mock.lastCall as [ResultNotStoredError]
    expect(error).toMatchObject({ code: 'RESULT_NOT_STORED', key: 'k', cause: { code: 'CLOSED' } })
    expect(error.message).toMatch(/disconnected.*nothing is on record for the key either, so that it may run again$/)
    await using after = scope({ persistence: two })
    expect(await after.task(() => 'ran again', { idempotency })).toEqual([undefined, 'ran again'])
  })
})
