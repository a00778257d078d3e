import { AsyncDisposableResource } from 'go-go-scope'
import { describe, expect, it, vi } from 'vitest'
import { deferred } from './support/deferred.js'

describe('AsyncDisposableResource', () => {
  it('acquires once and disposes once', async () => {
    const dispose = vi.fn()
    const resource = new AsyncDisposableResource(async () => 'value', dispose)
    expect(resource.value).toBeUndefined()
    expect(await resource.acquire()).toBe('value')
    expect(resource.value).toBe('value')
    await expect(resource.acquire()).rejects.toThrow('Resource already acquired')
    await resource[Symbol.asyncDispose]()
    await resource[Symbol.asyncDispose]()
    expect(dispose).toHaveBeenCalledExactlyOnceWith('value')
    expect(resource.value).toBeUndefined()
  })

  it('has nothing to dispose before acquire, and cannot be acquired after dispose', async () => {
    const dispose = vi.fn()
    const acquire = vi.fn(async () => 1)
    const resource = new AsyncDisposableResource(acquire, dispose)
    await resource[Symbol.asyncDispose]()
    expect(dispose).not.toHaveBeenCalled()
    await expect(resource.acquire()).rejects.toThrow('Resource already acquired')
    expect(acquire).not.toHaveBeenCalled()
  })

  it('disposes a value that is still being acquired', async () => {
    const value = deferred<string>()
    const dispose = vi.fn()
    const resource = new AsyncDisposableResource(() => value.promise, dispose)
    const acquired = resource.acquire()
    const disposed = resource[Symbol.asyncDispose]()
    value.resolve('late')
    expect(await acquired).toBe('late')
    await disposed
    expect(dispose).toHaveBeenCalledExactlyOnceWith('late')
  })

  it('rejects acquire with a failure, and dispose does not', async () => {
    const dispose = vi.fn()
    const resource = new AsyncDisposableResource(() => Promise.reject(new Error('x')), dispose)
    await expect(resource.acquire()).rejects.toThrow('x')
    await resource[Symbol.asyncDispose]()
    expect(dispose).not.toHaveBeenCalled()
  })
})
