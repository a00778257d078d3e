import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()

describe('more waits for loads than the owner is sent at once', () => {
  const many = Array.from({ length: 4_096 }, (_, at) => at)

  test('do not wait for one another, where the loads that were sent wait for one that was not', async () => {
    const remote = await connectRemote(served.port())
    const last = Promise.withResolvers<void>()
    const asks = many.map((at) =>
      remote.cache.getOrSet(`k${at}`, async () => {
        await last.promise
        return remote.cache.getOrSet('last', () => 'last')
      }),
    )
    asks.push(remote.cache.getOrSet('last', () => 'last'))
    await remote.cache.get('none')
    last.resolve()
    expect(new Set(await Promise.all(asks))).toEqual(new Set(['last']))
    await remote.disconnect()
  }, 60_000)

  test('are refused where the code of loads asks for more than a client may have', async () => {
    const remote = await connectRemote(served.port())
    const gate = Promise.withResolvers<void>()
    const asked = remote.cache.getOrSet('outer', async () => {
      const inner = Array.from({ length: 32_768 }, (_, at) =>
        remote.cache.getOrSet(`k${at}`, () => gate.promise.then(() => at)),
      )
      const settled = Promise.allSettled(inner)
      // The first reads of all of them are answered before this one.
      await remote.cache.get('none')
      gate.resolve()
      return (await settled).flatMap((one) => (one.status === 'rejected' ? [String(one.reason.code)] : []))
    })
    expect(await asked).toEqual(['QUEUE_FULL'])
    expect(await remote.cache.getOrSet('k32767', () => 'again')).toBe('again')
    await remote.disconnect()
  }, 60_000)
})
