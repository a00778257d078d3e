import { type Scope, scope } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'

describe('services', () => {
  it('are provided in a chain and used by key', async () => {
    await using s = scope()
      .provide('value', 5)
      .provide('made', () => ({ id: 1 }))
    expect(s.use('value')).toBe(5)
    expect(s.use('made')).toEqual({ id: 1 })
    expect(s.use('made')).toBe(s.use('made'))
    const services = (await s.task((ctx) => ctx.services))[1]
    expect(services).toEqual({ value: 5, made: { id: 1 } })
  })

  it('are found by has(), but not in a disposed scope', async () => {
    const s = scope().provide('a', 1)
    expect(s.has('a')).toBe(true)
    expect(s.has('toString')).toBe(false)
    await s[Symbol.asyncDispose]()
    expect(s.has('a')).toBe(false)
  })

  it('are undefined when they were not provided', async () => {
    await using s = scope<{ nothing?: number; toString: unknown }>()
    expect(s.use('nothing')).toBeUndefined()
    expect(s.use('toString')).toBeUndefined()
  })

  it('are made for each use with singleton: false, and each is disposed', async () => {
    const dispose = vi.fn()
    let count = 0
    const s = scope().provide('n', () => ++count, { singleton: false, dispose })
    expect([s.use('n'), s.use('n')]).toEqual([1, 2])
    await s.task(({ services }) => expect(services.n).toBe(3))
    await s[Symbol.asyncDispose]()
    expect(dispose.mock.calls).toEqual([[3], [2], [1]])
  })

  it('are disposed with their value, the last one first', async () => {
    const disposed: unknown[] = []
    const dispose = (value: unknown) => void disposed.push(value)
    const s = scope().provide('a', 1, { dispose }).provide('b', 2, { dispose })
    await s[Symbol.asyncDispose]()
    expect(disposed).toEqual([2, 1])
  })

  it('are overridden only when they were provided', async () => {
    const s = scope().provide('a', 1)
    expect(s.override('a', 2).use('a')).toBe(2)
    expect(() => (s as unknown as Scope<{ b: number }>).override('b', 1)).toThrow(
      "Cannot override service 'b': it was not provided",
    )
    await s[Symbol.asyncDispose]()
    expect(() => s.override('a', 3)).toThrow('Cannot override service on disposed scope')
  })

  it('are overridden in a child without touching the parent', async () => {
    await using parent = scope().provide('a', 1)
    const child = parent.createChild()
    child.override('a', 2)
    expect([parent.use('a'), child.use('a')]).toEqual([1, 2])
  })
})
