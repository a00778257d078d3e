import { EventEmitter, once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { connectRemote, type Peer, serve } from '@go-go-scope/persistence-core/remote'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import {
  answersTo,
  answerTo,
  callsWithoutRow,
  ENVELOPE,
  greeting,
  itemsOf,
  messageOf,
  NOTHING,
} from '../proof/remote/raw-client.js'
import { sentences } from '../proof/remote/sentences.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

/** Operations of a client; see protocol.ts. */
const [DECLARE, CALL, QUERY, IS_HELD, FAILED] = [2, 3, 5, 8, 20]
const LOAD = [18, 1, 'entry', 'k', 0]
/** The operation of the owner that answers one request with an error. */
const REFUSED = 10

const served = serveForEachTest()

describe('messages to the owner', () => {
  const item = fc.oneof(fc.nat(30), fc.double(), fc.string(), fc.constant(null), fc.uint8Array(), fc.object())

  test('any message that a client cannot send is refused, closes its port, and changes nothing', async () => {
    await served.adapter.cache.set('k', 1)
    await fc.assert(
      fc.asyncProperty(fc.anything({ withDate: true, withMap: true }), async (message) => {
        const raw = served.port()
        const closed = once(raw, 'close')
        const said = await answerTo(raw, message)
        expect(said[0]).toBe(2)
        const { code } = JSON.parse(String(said[2]))
        expect(code).toMatch(/INVALID_ARGUMENT|VERSION_MISMATCH/)
        if (code === 'INVALID_ARGUMENT') await closed
      }),
      { numRuns: 50, examples: [[[CALL, 0, 0, 1]], [[99]], ['text']] },
    )
    expect(served.server.clients()).toEqual([])
    expect(await served.adapter.cache.get('k')).toBe(1)
  })

  test('a message that is malformed at its end is refused as a whole', async () => {
    const hi = await greeting(served.port())
    const drop = [QUERY, 'raw', 'DELETE FROM go_goscope_cache', 0]
    await served.adapter.cache.set('k', 1)
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1 }), fc.boolean(), async (rest, isFlat) => {
        // 99 is no operation, so that the rest is never a valid message by chance.
        const malformed = [...drop, 99, ...rest]
        const said = await answerTo(served.port(), hi, isFlat ? [ENVELOPE, ...malformed] : malformed)
        expect(said[0]).toBe(2)
      }),
      { numRuns: 50 },
    )
    expect(await served.adapter.cache.get('k')).toBe(1)
  })

  test.each([
    ['more steps than it has', [6, 'raw', Number.MAX_SAFE_INTEGER]],
    ['more values than it has', [QUERY, 'raw', 'SELECT 1', Number.MAX_SAFE_INTEGER]],
    ['an error that is no JSON', [...LOAD, FAILED, 1, 'none']],
    ['an error that is no object', [...LOAD, FAILED, 1, 'null']],
    ['an error without a message', [...LOAD, FAILED, 1, '{"name":"Error"}']],
    ['an error of more causes than any', [...LOAD, FAILED, 1, nested(20_000)]],
  ])('%s is refused, and the owner goes on', async (_, message) => {
    const said = await answerTo(served.port(), await greeting(served.port()), message)
    expect(JSON.parse(String(said[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await served.adapter.cache.getOrSet('k', () => 1)).toBe(1)
  })

  test('after any sequence of valid messages the owner and the other clients go on', async () => {
    const hi = await greeting(served.port())
    const other = await connectRemote(served.port())
    await other.cache.set('k', 1)
    const uncaught: unknown[] = []
    const catching = (error: unknown): void => void uncaught.push(error)
    process.on('uncaughtException', catching).on('unhandledRejection', catching)
    await fc.assert(
      fc.asyncProperty(fc.array(sentences, { minLength: 1, maxLength: 6 }), async (messages) => {
        const raw = served.port()
        raw.postMessage({ [ENVELOPE]: hi })
        // Of whatever length: both forms are read.
        for (const [at, message] of messages.entries()) {
          raw.postMessage(at % 2 === 0 ? [ENVELOPE, ...message] : { [ENVELOPE]: message })
        }
        // Two turns of the owner: one for each message that arrived, and one for the rest.
        for (let turn = 0; turn < 2; turn++) expect(await other.cache.get('k')).toBe(1)
        raw.close()
        expect(await served.adapter.cache.get('k')).toBe(1)
        expect(uncaught.splice(0)).toEqual([])
      }),
      { numRuns: proofCount({ inTests: 200, inSoak: 20_000 }) },
    )
    process.off('uncaughtException', catching).off('unhandledRejection', catching)
    await other.disconnect()
    await expect.poll(() => served.server.clients()).toEqual([])
  }, 600_000)

  test('calls whose batch statement is invalid run one by one', async () => {
    const hi = await greeting(served.port())
    const sql = 'INSERT INTO go_goscope_cache (key, value) VALUES (?1, ?2)'
    const one = [0, 'raw', 'write', 'none', 'none', sql, 0, null]
    const many = ['no SQL', 0, 'none', '', 0, 'no SQL', null, null, null]
    const calls = Array.from({ length: 40 }, (_, index) => [`cache:raw${index}`, '1'])
    const said = await answerTo(served.port(), hi, [
      DECLARE,
      ...one,
      ...many,
      CALL,
      0,
      2,
      calls.length,
      ...calls.flat(),
    ])
    // The answer of the first call; the others are answered before later calls.
    expect(said.slice(0, 2)).toEqual([NOTHING, 1])
    expect(await served.adapter.cache.get('raw39')).toBe(1)
  })

  describe.each([
    ['a number', '5'],
    ['no list', "'none'"],
    ['an element too many', "'[1]'"],
    ['a row of no call', "'[9999]'"],
  ])('calls whose batch statement returns %s instead of lists', (_, column) => {
    const one = [DECLARE, 0, 'raw', 'read', 'one', 'none', 'SELECT ?1 AS v', 0, null]
    const packed = `SELECT ${column} AS i, '[]' AS v WHERE ?1 IS NOT NULL`
    const many = ['SELECT key AS i, value AS v FROM json_each(?1)', 0, 'index', '', 0, null, packed, null, null]
    const calls = (count: number) => [CALL, 0, 1, count, ...new Array(count).fill('a')]
    const refusals = (count: number) => (items: unknown[]) => items.filter((item) => item === REFUSED).length >= count
    const refused = (said: unknown[], count: number) => {
      expect(said.filter((item) => item === REFUSED)).toHaveLength(count)
      const errors = said.filter((item) => String(item).startsWith('{"name"'))
      expect(JSON.parse(String(errors[0]))).toMatchObject({ code: 'SQL', operation: 'raw' })
    }

    test('are refused one by one', async () => {
      const said = await answersTo(served.port(), refusals(41), await greeting(served.port()), [
        ...one,
        ...many,
        ...calls(40),
      ])
      refused(said, 41)
    })

    test('are refused also with another request between them', async () => {
      const asked = [...one, ...many, ...calls(20), IS_HELD, 1, ...calls(20)]
      const raw = served.port()
      const all: unknown[] = []
      raw.on('message', (message) => all.push(...itemsOf(message)))
      raw.postMessage({ [ENVELOPE]: await greeting(served.port()) })
      raw.postMessage({ [ENVELOPE]: asked })
      await expect.poll(() => all.filter((item) => String(item).startsWith('{"name'))).toHaveLength(40)
      refused(all, 41)
      raw.close()
      expect(await served.adapter.cache.getOrSet('k', () => 1)).toBe(1)
    })

    test('do not end the client that passes them on', async () => {
      const between = await connectRemote(served.port())
      // Answers are packed once recent ones were short; for a new client they are assumed to be long.
      for (let left = 10; left > 0; left--)
        await Promise.all(new Array(64).fill('k').map((key) => between.cache.get(key)))
      const server = serve(between)
      const port = () => server.createPort() as unknown as MessagePort
      const said = await answersTo(port(), refusals(41), await greeting(port()), [...one, ...many, ...calls(40)])
      refused(said, 41)
      expect(await between.cache.getOrSet('k', () => 1)).toBe(1)
      await server.close()
      await between.disconnect()
    })
  })

  test('a row of a batch that names none of its calls is not an answer, and the owner goes on', async () => {
    const one = [DECLARE, 0, 'raw', 'read', 'one', 'none', 'SELECT ?1 AS v', 0, null]
    const many = ["SELECT 'length' AS i FROM json_each(?1)", 0, 'index', '', 0, null, null, null, null]
    const calls = [CALL, 0, 1, 40, ...new Array(40).fill('a')]
    const complete = (items: unknown[]) => !(callsWithoutRow(items) < 40)
    const said = await answersTo(served.port(), complete, await greeting(served.port()), [...one, ...many, ...calls])
    expect(callsWithoutRow(said)).toBe(40)
    expect(await served.adapter.cache.getOrSet('k', () => 1)).toBe(1)
  })

  test('a message that only looks like ours is refused, and the owner goes on', async () => {
    const child = new EventEmitter() as EventEmitter & { said: unknown[]; send(message: unknown): void }
    child.said = []
    child.send = (message) => void child.said.push(message)
    served.server.attach(Object.assign(child, { connected: true }) as unknown as Peer)
    const noText = { toString: 1, valueOf: 1 }
    for (const item of [{ n: noText }, { b: noText }, { n: 1 }, {}]) {
      expect(() => child.emit('message', { [ENVELOPE]: [1, 'nonce', item] })).not.toThrow()
    }
    const [first] = child.said as [Record<string, unknown[]>]
    expect(JSON.parse(String(first[ENVELOPE]?.[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    child.emit('exit')
  })

  test('more calls without parameters, which take no bytes, than a client may have in flight are refused', async () => {
    const declared = [DECLARE, 0, 'raw', 'read', 'one', 'none', 'SELECT 1 AS v', 0, null, null]
    const flood = Array.from({ length: 20 }, () => [CALL, 0, 0, 4_096]).flat()
    const hi = await greeting(served.port())
    const said = await answerTo(served.port(), hi, [...declared, ...flood])
    expect(JSON.parse(String(said[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(await served.adapter.cache.getOrSet('k', () => 1)).toBe(1)
  })

  test('more calls than a client may have in flight are refused', async () => {
    const hi = await greeting(served.port())
    const call = [QUERY, 'raw', 'SELECT 1', 0]
    const said = await answerTo(served.port(), hi, Array.from({ length: 4_097 }, () => call).flat())
    expect(JSON.parse(String(said[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    const taken = await answerTo(served.port(), hi, Array.from({ length: 4_096 }, () => call).flat())
    expect(taken.slice(0, 3)).not.toContain(2)
  })

  test.each([
    ['loads', (wait: number) => [18, wait, `entry${wait}`, 'k', 0]],
    ['reports of waits', (wait: number) => (wait === 1 ? LOAD : [26, wait, 1, wait])],
  ])(
    'more %s than a client may have are refused, and its loads go to others',
    async (_, wait) => {
      const hi = await greeting(served.port())
      const waits = (count: number) => Array.from({ length: count }, (_, at) => wait(at + 1)).flat()
      const taken = await answerTo(served.port(), hi, waits(65_536))
      // The turn of the first.
      expect(taken.slice(0, 2)).toEqual([14, 1])
      const said = await answerTo(served.port(), hi, waits(65_537))
      expect(said[0]).toBe(2)
      expect(JSON.parse(String(said[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect(await served.adapter.cache.getOrSet('k', () => 1)).toBe(1)
    },
    60_000,
  )

  test('loads that have ended make room for others of their client', async () => {
    const raw = served.port()
    const hi = await greeting(served.port())
    let turns = 0
    raw.on('message', (message) => {
      const items = itemsOf(message)
      if (items[0] === 14) turns += items.length / 2
    })
    raw.postMessage(messageOf(hi))
    await expect.poll(() => served.server.clients()).toHaveLength(1)
    // Each gets its turn, and passes it on.
    const begunAndEnded = (_: unknown, at: number) => [18, at + 1, `entry${at}`, 'k', 0, 21, at + 1]
    for (let rounds = 1; rounds <= 7; rounds++) {
      raw.postMessage(messageOf(Array.from({ length: 10_000 }, begunAndEnded).flat()))
      await expect.poll(() => turns, { timeout: 20_000 }).toBe(rounds * 10_000)
    }
    expect(served.server.clients()).toHaveLength(1)
    raw.close()
  }, 60_000)

  test('a second wait with the number of another one takes no turn from others', async () => {
    const hi = await greeting(served.port())
    const raw = served.port()
    const second = [18, 1, 'go_goscope_cache\0cache:k', 'k', 0]
    expect(await answersTo(raw, (items) => items.length >= 2, hi, [...LOAD, ...second, 21, 1])).toEqual([14, 1])
    expect(await served.adapter.cache.getOrSet('k', () => 'loaded')).toBe('loaded')
  })
})

describe('messages to a client', () => {
  const item = fc.oneof(fc.nat(30), fc.double(), fc.string(), fc.constant(null), fc.uint8Array(), fc.object())

  test('any message that an owner cannot send ends the connection, and every call is settled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), fc.array(item)), async (garbage) => {
        // A proxy that forwards the owner's messages and later replaces them by garbage.
        const { port1, port2 } = new MessageChannel()
        const owner = served.port()
        let broken = false
        port2.on('message', (message) => owner.postMessage(message))
        owner.on('message', (message) => port2.postMessage(broken ? { [ENVELOPE]: [99, garbage] } : message))
        const remote = await connectRemote(port1)
        broken = true
        const failed = await Promise.allSettled([remote.cache.set('k', 1), remote.cache.get('k')])
        for (const one of failed) expect(one).toMatchObject({ reason: { code: 'DISCONNECTED' } })
        expect(remote.isConnected()).toBe(false)
        await expect(remote.cache.get('k')).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
        await remote.disconnect()
        owner.close()
        port2.close()
      }),
      { numRuns: 30 },
    )
  })

  test('messages that are not ours are left to the app, at both ends', async () => {
    const raw = served.port()
    const remote = await connectRemote(raw)
    const foreign = fc.anything().filter((message) => !(typeof message === 'object' && message && ENVELOPE in message))
    const answer = { [ENVELOPE]: [99], error: 'unknown command' }
    const posted = [answer, ...fc.sample(foreign, 30)].filter((message) => isCloneable(message))
    for (const message of posted) raw.postMessage(message)
    expect(await remote.cache.getOrSet('k', () => 1)).toBe(1)
    await remote.disconnect()
  })
})

/** Returns an error with a chain of causes. */
function nested(causes: number): string {
  const form = '{"name":"Error","message":"failed"'
  return `${`${form},"cause":`.repeat(causes)}${form}}${'}'.repeat(causes)}`
}

function isCloneable(message: unknown): boolean {
  try {
    structuredClone(message)
    return true
  } catch {
    return false
  }
}
