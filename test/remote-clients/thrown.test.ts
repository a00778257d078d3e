import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()

function refuse(): never {
  throw new Error('a trap of the app')
}

function circle(): Error {
  const error = new Error('its own cause')
  error.cause = error
  return error
}

const THROWN: Readonly<Record<string, readonly [thrown: unknown, message: RegExp]>> = {
  undefined: [undefined, /^undefined$/],
  'a symbol': [Symbol('s'), /^Symbol\(s\)$/],
  'an object without a text': [Object.create(null), /cannot be read/],
  'a getter that throws': [Object.defineProperty(new Error('e'), 'message', { get: refuse }), /cannot be read/],
  'a proxy whose traps throw': [new Proxy(new Error('e'), { get: refuse, getPrototypeOf: refuse }), /cannot be read/],
  'an error that is its own cause': [circle(), /^its own cause$/],
  'a message that is no text': [Object.assign(new Error('e'), { message: { why: 1 } }), /object Object/],
  'a name that is no text': [Object.assign(new Error('e'), { name: undefined }), /^e$/],
  'members that do not cross': [Object.assign(new Error('e'), { code: () => 1, errno: 1n }), /^e$/],
}

// Tests get only the name, because vitest serializes the arguments of a test.
test.each(Object.keys(THROWN))('what a load throws reaches all that wait, and nobody hangs: %s', async (what) => {
  const [thrown, message] = THROWN[what] as [unknown, RegExp]
  const [one, two] = [await connectRemote(served.port()), await connectRemote(served.port())]
  for (const [loader, ...waiting] of [
    [one, two, served.adapter],
    [served.adapter, one, two],
  ] as const) {
    let fail: () => void = () => undefined
    const begun = new Promise<void>((begin) => {
      const late = new Promise<never>((_resolve, reject) => {
        fail = () => reject(thrown)
      })
      const own = loader.cache.getOrSet('k', () => {
        begin()
        return late
      })
      own.catch((error: unknown) => expect(error === thrown).toBe(true))
    })
    await begun
    const others = waiting.map(({ cache }) => cache.getOrSet('k', () => 'its own'))
    // A caller first reads the entry and then enters the load; the second of two calls follows both.
    for (let times = 0; times < 2; times++) await Promise.all([one, two].map(({ cache }) => cache.get('none')))
    fail()
    for (const [at, settled] of (await Promise.allSettled(others)).entries()) {
      expect(settled.status).toBe('rejected')
      const { reason } = settled as PromiseRejectedResult
      // In the owner's thread, an adapter gets the original error of its own load.
      if (loader !== served.adapter || waiting[at] !== served.adapter) {
        expect(reason.message).toMatch(message)
      }
    }
  }
  // Both clients are still connected, so no message was malformed.
  expect(served.server.clients()).toHaveLength(2)
  await Promise.all([one.disconnect(), two.disconnect()])
})
