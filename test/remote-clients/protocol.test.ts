import { once } from 'node:events'
import { deserialize, serialize } from 'node:v8'
import { MessageChannel } from 'node:worker_threads'
import {
  connectRemote,
  openRemote,
  SQLiteAdapter,
  SQLiteCacheAdapter,
  serve,
} from '@go-go-scope/persistence-core/remote'
import { describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { answerTo, ENVELOPE, greeting, itemsOf, refusal } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()
describe('connecting', () => {
  test('a port that nobody serves fails after connectTimeout', async () => {
    const { port1, port2 } = new MessageChannel()
    const connecting = connectRemote(port1, { connectTimeout: 50 })
    await expect(connecting).rejects.toMatchObject({
      code: 'DISCONNECTED',
      outcome: 'none',
      message: expect.stringContaining('within 50 ms (it attaches a worker before the worker connects)'),
    })
    port2.close()
  })

  test('a port carries one connection at a time', async () => {
    const shared = served.port()
    const one = await connectRemote(shared)
    await expect(connectRemote(shared)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await one.disconnect()
    const attached = new MessageChannel()
    served.server.attach(attached.port1)
    expect(() => served.server.attach(attached.port1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })

  test('an argument that is not a channel is refused, with what to pass', async () => {
    const message = expect.stringMatching(/Remote: the first argument must be a MessagePort, .*, got (?!.*Remote)./)
    for (const wrong of [undefined, null, 7, 'port', {}, []]) {
      for (const connect of [connectRemote, openRemote]) {
        const refusal = { code: 'INVALID_ARGUMENT', operation: connect.name, message }
        await expect(connect(wrong as never)).rejects.toMatchObject(refusal)
      }
      expect(() => served.server.attach(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
      expect(() => serve(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
      expect(() => new SQLiteAdapter(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
    await expect(connectRemote(served.port(), { connectTimeout: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(connectRemote(served.port(), { busyTimeout: 5 } as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  test('another version of the protocol or schema is refused, and both are named', async () => {
    expect(await refusal(served.port(), 5, 0)).toMatch(/protocol 5.*protocol 4/)
    expect(await refusal(served.port(), 4, 999)).toMatch(/schema 999.*schema \d+/)
    const { port1, port2 } = new MessageChannel()
    port2.on('message', (message) => {
      const [, nonce] = message[ENVELOPE]
      const error = { name: 'PersistenceError', code: 'VERSION_MISMATCH', operation: 'connect', message: 'too new' }
      port2.postMessage({ [ENVELOPE]: [2, nonce, JSON.stringify(error)] })
    })
    await expect(connectRemote(port1)).rejects.toMatchObject({ code: 'VERSION_MISMATCH', message: 'too new' })
    port2.close()
  })

  test('a codec at one end only is refused', async () => {
    const codec = { encode: JSON.stringify, decode: JSON.parse }
    await expect(connectRemote(served.port(), { codec })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const coded = await engine.SQLiteAdapter.open(':memory:', { codec })
    await using other = serve(coded)
    await expect(connectRemote(other.createPort())).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const remote = await connectRemote(other.createPort(), { codec })
    await remote.cache.set('k', { a: 1 })
    expect(await coded.cache.get('k')).toEqual({ a: 1 })
    await remote.disconnect()
    await other.close()
    await coded.disconnect()
  })

  test('a closed server accepts no client', async () => {
    const waiting = served.port()
    await served.server.close()
    expect(() => served.server.createPort()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await expect(connectRemote(waiting, { connectTimeout: 5_000 })).rejects.toMatchObject({ code: 'DISCONNECTED' })
  })

  test('a client may itself serve the adapter to others', async () => {
    const middle = await connectRemote(served.port(), { keyPrefix: 'm:' })
    const inner = serve(middle)
    const last = await connectRemote(inner.createPort())
    await last.cache.set('k', 1)
    expect(await middle.cache.get('k')).toBe(1)
    expect((await last.acquire('job', 60_000, 'me'))?.token).toBeGreaterThan(0)
    expect(await middle.acquire('job', 60_000)).toBe(null)
    const outside = await connectRemote(served.port(), { keyPrefix: 'm:' })
    expect(await outside.acquire('job', 60_000)).toBe(null)
    const [a, b] = await Promise.all([
      last.cache.getOrSet('one', () => new Promise((resolve) => setTimeout(() => resolve('last'), 50))),
      outside.cache.getOrSet('one', () => new Promise((resolve) => setTimeout(() => resolve('outside'), 50))),
    ])
    expect(a).toBe(b)
    await last.disconnect()
    expect(await outside.acquire('job', 60_000), 'the lock of one that has left is free').not.toBe(null)
    await inner.close()
    await Promise.all([middle.disconnect(), outside.disconnect()])
  })

  test('a client of a client learns that the owner of the database has gone', async () => {
    const middle = await connectRemote(served.port())
    const inner = serve(middle)
    const last = await connectRemote(inner.createPort())
    const lock = await last.acquire('job', 60_000)
    const lost = new Promise((resolve) => lock?.signal.addEventListener('abort', resolve))
    await served.server.close()
    await lost
    await expect.poll(() => last.isConnected()).toBe(false)
    await expect(last.cache.get('k')).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'none' })
    expect(() => inner.createPort()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await last.disconnect()
    await middle.disconnect()
  })

  test('a lock that clients of two servers hold under one owner name is lost for all of them', async () => {
    const second = serve(served.adapter)
    const clients = await Promise.all(
      [served.port(), served.port(), second.createPort()].map((port) => connectRemote(port)),
    )
    const held = await Promise.all(clients.map((client) => client.acquire('job', 60_000, 'both')))
    const lost = held.map((lock) => new Promise((resolve) => lock?.signal.addEventListener('abort', resolve)))
    await clients[0]?.lock.forceRelease('job')
    await Promise.all(lost)
    expect(second.clients().map(({ locks }) => locks)).toEqual([0])
    await Promise.all(clients.map((client) => client.disconnect()))
    await second.close()
  })

  test('several adapters share one connection, and the last one ends it', async () => {
    const database = await openRemote(served.port())
    const one = new SQLiteAdapter(database, { keyPrefix: 'one:' })
    const entries = new SQLiteCacheAdapter(database, { tableName: 'entries' })
    await one.cache.set('k', 1)
    await entries.set('k', 2)
    await one.disconnect()
    expect(await entries.get('k')).toBe(2)
    expect(served.server.clients()).toHaveLength(1)
    await entries.disconnect()
    expect(served.server.clients()).toHaveLength(0)
  })
})

describe('messages and values', () => {
  test('calls made together are one message', async () => {
    const raw = served.port()
    let messages = 0
    const counted = new Proxy(raw, {
      get(target, name) {
        const member = Reflect.get(target, name)
        if (name === 'postMessage') messages++
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const remote = await connectRemote(counted as never)
    messages = 0
    await Promise.all(Array.from({ length: 100 }, (_, n) => remote.cache.get(`k${n}`)))
    expect(messages).toBe(1)
    expect(served.server.clients()[0]?.calls).toBe(0)
    // More than a client may have pending, in bytes and in number.
    for (let times = 0; times < 20; times++) await remote.cache.set('k', 'x'.repeat(300_000))
    messages = 0
    await Promise.all(Array.from({ length: 100 }, (_, n) => remote.cache.get(`k${n}`)))
    expect(messages).toBe(1)
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => remote.cache.get(`k${n}`)))
    expect(messages).toBeLessThan(100)
    await remote.disconnect()
  })

  test('a short call does not overtake a long one that waits until the owner accepts more', async () => {
    const remote = await connectRemote(served.port())
    const values = ['x'.repeat(3_000_000), 'y'.repeat(3_000_000), 'short']
    await Promise.all(values.map((value) => remote.cache.set('k', value)))
    expect(await remote.cache.get('k')).toBe('short')
    await remote.disconnect()
  })

  test('answers of many rows arrive in pieces, and complete', async () => {
    const remote = await connectRemote(served.port())
    const keys = Array.from({ length: 4_500 }, (_, n) => `k${String(n).padStart(5, '0')}`)
    await remote.cache.setMany(keys.map((key) => [key, 'v'.repeat(10)] as const))
    expect(await remote.cache.keys()).toEqual(keys)
    const large = 'x'.repeat(600_000)
    await remote.cache.setMany(keys.slice(0, 5).map((key) => [key, large] as const))
    const many = await remote.cache.getMany(keys.slice(0, 5))
    expect([...many.values()].every((value) => value === large)).toBe(true)
    await remote.disconnect()
  })

  test('errors keep their class, code, operation and cause', async () => {
    const remote = await connectRemote(served.port(), { locks: 'database' })
    const lock = await remote.acquire('job', 60_000)
    const failed = remote.fenced(lock as never, [{ sql: 'SELECT * FROM missing' }])
    await expect(failed).rejects.toMatchObject({
      name: 'PersistenceError',
      _tag: 'PersistenceError',
      code: 'SQL',
      operation: 'fenced',
      cause: expect.objectContaining({ message: expect.stringContaining('missing') }),
    })
    await remote.disconnect()
  })

  test('a slow call does not delay the answers of others', async () => {
    const remote = await connectRemote(served.port(), { locks: 'database' })
    const load = remote.cache.getOrSet('slow', () => new Promise((resolve) => setTimeout(() => resolve(1), 300)))
    const order: string[] = []
    void load.then(() => order.push('slow'))
    await Promise.all(Array.from({ length: 100 }, (_, n) => remote.cache.get(`k${n}`)))
    order.push('gets')
    await load
    expect(order).toEqual(['gets', 'slow'])
    await remote.disconnect()
  })

  test('values of an app’s codec come back', async () => {
    const codec = {
      encode: (value: unknown) => serialize(value).toString('base64'),
      decode: (text: string) => deserialize(Buffer.from(text, 'base64')),
    }
    const coded = await engine.SQLiteAdapter.open(':memory:', { codec })
    await using other = serve(coded)
    const remote = await connectRemote(other.createPort(), { codec })
    const value = {
      at: new Date(0),
      seen: new Map([['a', new Set([1n])]]),
      bytes: new Uint8Array([1, 2]),
      none: undefined,
    }
    await remote.cache.set('k', value)
    expect(await coded.cache.get('k')).toEqual(value)
    expect(await remote.cache.getOrSet('l', () => value)).toEqual(value)
    expect((await coded.cache.getMany(['k', 'l'])).get('l')).toEqual(value)
    await remote.disconnect()
    await other.close()
    await coded.disconnect()
  })

  test('an owner forgets a load that has ended: its number may be used again', async () => {
    const [ENTER_LOAD, PASSED_ON, TURN] = [18, 21, 14]
    const enter = [ENTER_LOAD, 1, 'entry', 'k', 0]
    const raw = served.port()
    const hello = await greeting(served.port())
    expect(await answerTo(raw, hello, [...enter, PASSED_ON, 1])).toEqual([TURN, 1])
    raw.postMessage({ [ENVELOPE]: enter })
    const [message] = await once(raw, 'message')
    expect(itemsOf(message)).toEqual([TURN, 1])
    raw.close()
  })

  test('a value loaded by this client is not sent back to its own waiting callers', async () => {
    const raw = served.port()
    const come: unknown[] = []
    raw.on('message', (message) => come.push(message))
    const remote = await connectRemote(raw)
    const long = 'x'.repeat(10_000)
    const { promise, resolve } = Promise.withResolvers<string>()
    const load = () => promise
    const shared = remote.cache.getOrSet('shared', load)
    let asked = 0
    const others = ['a', 'b', 'c'].map((key) =>
      remote.cache.getOrSet(key, () => {
        asked++
        return remote.cache.getOrSet('shared', load).then(({ length }) => length)
      }),
    )
    await expect.poll(() => asked).toBe(3)
    // The answers to what they have read come before this one.
    await remote.cache.get('k')
    resolve(long)
    expect(await Promise.all([shared.then(({ length }) => length), ...others])).toEqual(new Array(4).fill(10_000))
    await remote.cache.get('k')
    expect(JSON.stringify(come)).not.toContain('xxx')
    await remote.disconnect()
  })

  test.each(['set', 'delete'] as const)('a loaded value that a later write overtakes is not stored: %s', async (by) => {
    const remote = await connectRemote(served.port())
    const { load, loaded } = await new Promise<{ load: Promise<string>; loaded: (value: string) => void }>((begin) => {
      const load = remote.cache.getOrSet('k', () => new Promise<string>((loaded) => begin({ load, loaded })))
    })
    loaded('stale')
    // Waits until the message is sent, but not until it arrives.
    for (let turns = 0; turns < 50; turns++) await Promise.resolve()
    if (by === 'set') void served.adapter.cache.set('k', 'newer')
    else void served.adapter.cache.delete('k')
    expect(await load).toBe('stale')
    expect(await remote.cache.get('k')).toBe(by === 'set' ? 'newer' : null)
    await remote.disconnect()
  })
})
