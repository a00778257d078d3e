import { runInNewContext } from 'node:vm'
import { AbortError, type ScopeOptions, scope, type TaskOptions, UnknownError } from 'go-go-scope'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

class Failure extends Error {}
class SystemFailure extends Error {}

async function errorOf(thrown: unknown, options: TaskOptions = {}): Promise<unknown> {
  await using s = scope()
  const [error, value] = await s.task(() => {
    throw thrown
  }, options)
  expect(value).toBeUndefined()
  return error
}

async function errorOfAbort(reason: unknown, options: TaskOptions = {}): Promise<unknown> {
  const controller = new AbortController()
  await using s = scope({ signal: controller.signal })
  const task = s.task(() => new Promise(() => {}), options)
  controller.abort(reason)
  return (await task)[0]
}

async function errorAfter(ms: number, scopeOptions: ScopeOptions, options: TaskOptions): Promise<unknown> {
  await using s = scope(scopeOptions)
  const task = s.task(() => new Promise(() => {}), options)
  await vi.advanceTimersByTimeAsync(ms)
  return (await task)[0]
}

describe('results', () => {
  it('are [undefined, value] for functions that return or resolve', async () => {
    await using s = scope()
    expect(await s.task(() => 5)).toEqual([undefined, 5])
    expect(await s.task(async () => 'x')).toEqual([undefined, 'x'])
    expect(await s.task(() => {})).toEqual([undefined, undefined])
  })

  it('are [error, undefined] for functions that throw or reject', async () => {
    await using s = scope()
    const failure = new Failure('x')
    expect(await s.task(() => Promise.reject(failure))).toEqual([failure, undefined])
    expect(
      await s.task(() => {
        throw failure
      }),
    ).toEqual([failure, undefined])
  })
})

describe('default wrapping', () => {
  // As of Node itself, for a test that Jest runs.
  it('treats errors of another realm like those of this one', async () => {
    const plain = (await errorOf(runInNewContext(`new Error('boom')`))) as UnknownError
    expect(plain).toBeInstanceOf(UnknownError)
    expect(plain.message).toBe('boom')
    for (const code of [`new TypeError('boom')`, `new (class Own extends Error {})('boom')`]) {
      const thrown = runInNewContext(code)
      expect(await errorOf(thrown)).toBe(thrown)
    }
  })

  it('makes a plain Error an UnknownError with the original as cause', async () => {
    const original = new Error('boom')
    const error = (await errorOf(original)) as UnknownError
    expect(error).toBeInstanceOf(UnknownError)
    expect(error).toMatchObject({ _tag: 'UnknownError', message: 'boom', name: 'UnknownError' })
    expect(error.cause).toBe(original)
  })

  it.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [0, '0'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), '[object Object]'],
  ])('makes a thrown %s an UnknownError', async (thrown, message) => {
    const error = (await errorOf(thrown)) as UnknownError
    expect(error).toBeInstanceOf(UnknownError)
    expect(error.message).toBe(message)
    expect(error.cause).toBe(thrown)
  })

  it.each([new Failure('x'), new TypeError('x'), new DOMException('x', 'AbortError'), { _tag: 'Mine' }])(
    'lets %s through as it is',
    async (thrown) => {
      expect(await errorOf(thrown)).toBe(thrown)
    },
  )

  it('puts the raw reason in the place of an AbortError', async () => {
    const reason = new Error('plain')
    expect(await errorOf(new AbortError(reason))).toBe(reason)
    expect(await errorOfAbort('bye')).toBe('bye')
    expect(await errorOfAbort(reason)).toBe(reason)
    expect(await errorOfAbort({ any: 'value' })).toEqual({ any: 'value' })
  })

  it.each([undefined, null, 0, '', false])(
    'keeps an AbortError whose reason is %j, which reads as a success',
    async (reason) => {
      expect(await errorOf(new AbortError(reason))).toMatchObject({ _tag: 'AbortError', reason })
      expect(await errorOfAbort(reason)).toBeTruthy()
    },
  )
})

describe('errorClass', () => {
  it('wraps everything but its own instances', async () => {
    const own = new Failure('own')
    expect(await errorOf(own, { errorClass: Failure })).toBe(own)
    for (const thrown of [new Error('m'), new TypeError('m')]) {
      const error = (await errorOf(thrown, { errorClass: Failure })) as Failure
      expect(error).toBeInstanceOf(Failure)
      expect(error.message).toBe('m')
      expect(error.cause).toBe(thrown)
    }
  })

  it('wraps aborts too', async () => {
    const error = (await errorOfAbort('bye', { errorClass: Failure })) as Failure
    expect(error).toBeInstanceOf(Failure)
    expect(error.message).toBe('bye')
    expect(error.cause).toBeInstanceOf(AbortError)
  })

  it('wins over systemErrorClass', async () => {
    expect(await errorOf(new Error('x'), { errorClass: Failure, systemErrorClass: SystemFailure })).toBeInstanceOf(
      Failure,
    )
  })

  it('does not break a task when its constructor throws', async () => {
    class Broken extends Error {
      constructor() {
        super()
        throw new Error('constructor')
      }
    }
    const error = (await errorOf(new Error('original'), { errorClass: Broken })) as UnknownError
    expect(error).toBeInstanceOf(UnknownError)
    expect(error.message).toBe('original')
  })
})

describe('systemErrorClass', () => {
  it('wraps plain errors and non-errors only', async () => {
    const options = { systemErrorClass: SystemFailure }
    expect(await errorOf(new Error('x'), options)).toBeInstanceOf(SystemFailure)
    expect(await errorOf('x', options)).toBeInstanceOf(SystemFailure)
    const typed = new TypeError('x')
    expect(await errorOf(typed, options)).toBe(typed)
  })

  it('keeps AbortError as such', async () => {
    const error = (await errorOfAbort('bye', { systemErrorClass: SystemFailure })) as AbortError
    expect(error).toBeInstanceOf(AbortError)
    expect(error.reason).toBe('bye')
  })
})

describe('the error of a task that is ended from outside', () => {
  it('is a raw Error for the time-out of the scope', async () => {
    const error = await errorAfter(100, { timeout: 100 }, {})
    expect(error).toEqual(new Error('Scope timeout after 100ms'))
    expect(error).not.toBeInstanceOf(UnknownError)
  })

  it('is a raw Error for the end of the scope', async () => {
    const s = scope()
    const task = s.task(() => new Promise(() => {}))
    await s[Symbol.asyncDispose]()
    const [error] = await task
    expect(error).toEqual(new Error('Scope disposed'))
    expect(error).not.toBeInstanceOf(UnknownError)
  })

  it('is an UnknownError for the time-out of the task', async () => {
    const error = (await errorAfter(100, {}, { timeout: 100 })) as UnknownError
    expect(error).toBeInstanceOf(UnknownError)
    expect(error.message).toBe('Task timeout after 100ms')
    expect(error.cause).toEqual(new Error('Task timeout after 100ms'))
  })

  it.each([undefined, null, ''])(
    'is an AbortError for a reason of %j, also while it waits for a permit',
    async (reason) => {
      // A signal of another make may have no reason.
      const signal = Object.assign(new EventTarget(), { aborted: false, reason }) as unknown as AbortSignal
      await using s = scope({ signal, concurrency: 1 })
      const tasks = [s.task(() => new Promise(() => {})), s.task(() => 'waits for a permit')]
      signal.dispatchEvent(new Event('abort'))
      for (const [error] of await Promise.all(tasks)) expect(error).toMatchObject({ _tag: 'AbortError', reason })
    },
  )

  it('is an UnknownError for a task that waits for a permit at dispose', async () => {
    const s = scope({ concurrency: 1 })
    void s.task(() => new Promise(() => {}))
    const waiting = s.task(() => 1)
    await s[Symbol.asyncDispose]()
    const [error] = await waiting
    expect(error).toBeInstanceOf(UnknownError)
    expect((error as Error).message).toBe('Scope disposed')
  })
})

describe('AbortError and UnknownError', () => {
  it('carry reason and cause', () => {
    expect(new AbortError('why')).toMatchObject({ _tag: 'AbortError', message: 'why', reason: 'why' })
    expect(new AbortError({ a: 1 })).toMatchObject({ message: 'aborted', reason: { a: 1 } })
    expect(new UnknownError('m', { cause: 5 })).toMatchObject({ _tag: 'UnknownError', message: 'm', cause: 5 })
  })
})
