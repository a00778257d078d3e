import { portNames } from '@go-go-scope/persistence-conformance/workspace'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'
import { InMemoryCheckpointProvider, InMemoryIdempotencyProvider, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'

describe('an unknown option', () => {
  it.each<[object, string]>([
    [{ idempotencyKey: 'a' }, "task options: unknown option 'idempotencyKey'; did you mean 'idempotency'?"],
    [{ timeOut: 5 }, "did you mean 'timeout'?"],
    [{ retries: 2 }, "did you mean 'retry'?"],
    [{ zzzzzzzz: 1 }, 'the options are id, retry, timeout'],
    [{ idempotency: { key: 'k', tll: 5 } }, "task option idempotency: unknown option 'tll'; did you mean 'ttl'?"],
    [{ retry: { maxx: 2 } }, "task option retry: unknown option 'maxx'; did you mean 'max'?"],
    [{ memo: { keys: 'k', ttl: 1 } }, "did you mean 'key'?"],
    [{ checkpoint: { onResumed: () => {} } }, "did you mean 'onResume'?"],
  ])('of a task is refused, and the function does not run: %o', async (options, message) => {
    await using s = scope({ persistence: { idempotency: new InMemoryIdempotencyProvider() } })
    const fn = vi.fn()
    expect(() => s.task(fn, options)).toThrow(message)
    expect(() => s.task(fn, options)).toThrow(TypeError)
    await Promise.resolve()
    expect(fn).not.toHaveBeenCalled()
  })

  it('of a resumed task is refused', async () => {
    await using s = scope({ persistence: { checkpoint: new InMemoryCheckpointProvider() } })
    const fn = vi.fn()
    await expect(s.resumeTask('t', fn, { requireExistng: true } as object)).rejects.toThrow(
      "resumeTask options: unknown option 'requireExistng'; did you mean 'requireExisting'?",
    )
    await expect(s.resumeTask('t', fn, { timeOut: 1 } as object)).rejects.toThrow("did you mean 'timeout'?")
    expect(fn).not.toHaveBeenCalled()
    expect(await s.resumeTask('t', () => 1, { requireExisting: false, timeout: 5000 })).toEqual([undefined, 1])
  })

  it.each<[object, string]>([
    [{ persistance: {} }, "scope options: unknown option 'persistance'; did you mean 'persistence'?"],
    [{ idempotency: { ttl: 5 } }, 'scope option idempotency: unknown option'],
    [{ idempotency: { defaultTtl: 5 } }, 'defaultTTL'],
  ])('of a scope or its child is refused: %o', async (options, message) => {
    expect(() => scope(options)).toThrow(message)
    await using s = scope()
    expect(() => s.createChild(options)).toThrow(message)
  })

  it('has another message than options that are not an object', async () => {
    await using s = scope()
    expect(() => s.task(() => 1, 'name' as unknown as object)).toThrow('task options: must be an object, got string')
    expect(() => scope(null as unknown as object)).toThrow('scope options: must be an object, got null')
  })
})

describe('a persistence that is no open store', () => {
  const wrong = [
    ['the class', SQLiteAdapter, 'got the class or function SQLiteAdapter; create an instance'],
    ['the promise of one', Promise.resolve({}), 'got a promise; await it'],
    ['null', null, 'got null'],
    ['a path', 'app.db', 'got string'],
  ] as const

  it.each(wrong)('is refused: %s', async (_, store, message) => {
    const create = (persistence: unknown) => () => scope({ persistence: persistence as object })
    expect(create(store)).toThrow(TypeError)
    expect(create(store)).toThrow('scope option persistence: must be an open store')
    expect(create(store)).toThrow(message)
    for (const port of portNames) {
      expect(create({ [port]: store })).toThrow(`scope option persistence.${port}: must be an open store, ${message}`)
    }
  })

  it('does not include open stores, nor ports that are not given', async () => {
    await using persistence = await SQLiteAdapter.open(':memory:')
    for (const options of [{ persistence }, { persistence: {} }, {}]) await scope(options)[Symbol.asyncDispose]()
  })
})
