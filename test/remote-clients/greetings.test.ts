import { EventEmitter } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { connectRemote, openRemote, SQLiteAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { ProcessPair } from '../proof/remote/process-pair.js'
import { answerTo, ENVELOPE, greeting } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()
const LEFT = { code: 'DISCONNECTED', outcome: 'none' }

type Remote = Awaited<ReturnType<typeof connectRemote>>

function nextMessage({ client }: ProcessPair): Promise<unknown> {
  return new Promise((resolve) => client.once('message', resolve))
}

function attached(): ProcessPair {
  const pair = new ProcessPair()
  served.server.attach(pair.owner as never)
  return pair
}

describe('a process that connects again', () => {
  test('after it gave up is accepted, however late the owner answers', async () => {
    const pair = attached()
    pair.hold()
    for (let times = 0; times < 3; times++) {
      await expect(connectRemote(pair.client as never, { connectTimeout: 10 })).rejects.toMatchObject(LEFT)
    }
    const connecting = connectRemote(pair.client as never)
    pair.release()
    const remote = await connecting
    await remote.cache.set('k', 1)
    expect(await served.adapter.cache.get('k')).toBe(1)
    expect(served.server.clients()).toHaveLength(1)
    await remote.disconnect()
    expect(served.server.clients()).toEqual([])
  })

  test('after it gave up, but was accepted, is accepted again', async () => {
    const pair = attached()
    pair.hold()
    await expect(connectRemote(pair.client as never, { connectTimeout: 10 })).rejects.toMatchObject(LEFT)
    pair.release()
    await expect.poll(() => served.server.clients()).toHaveLength(1)
    const remote = await connectRemote(pair.client as never)
    await remote.cache.set('k', 1)
    expect(served.server.clients()).toHaveLength(1)
    await remote.disconnect()
  })

  test('after it could not read an answer of its owner is accepted, and its former locks are free', async () => {
    const pair = attached()
    const before = await connectRemote(pair.client as never)
    expect(await before.acquire('k', 600_000)).not.toBeNull()
    pair.owner.send({ 'go-go-scope/1': [9_999] })
    await expect.poll(() => before.isConnected()).toBe(false)
    const remote = await connectRemote(pair.client as never)
    expect(await remote.acquire('k', 600_000)).not.toBeNull()
    expect(served.server.clients()).toHaveLength(1)
    await remote.disconnect()
    await before.disconnect()
  })

  const ROWS = 5_000

  test.each([
    ['rows that go on', (client: Remote) => client.cache.keys(), nextMessage],
    ['a call that the owner has not begun', (client: Remote) => client.cache.set('k0', 1), async () => undefined],
  ])(
    'at once after it could not read what came is taken in, and the locks it had are free, beside %s',
    async (_, ask, moment) => {
      const pair = attached()
      for (let at = 0; at < ROWS; at++) void served.adapter.cache.set(`k${at}`, at)
      const before = await connectRemote(pair.client as never)
      expect(await before.acquire('k', 600_000)).not.toBeNull()
      const asked = expect(ask(before)).rejects.toMatchObject({ code: 'DISCONNECTED' })
      await moment(pair)
      pair.client.emit('message', { 'go-go-scope/1': [9_999] })
      await asked
      const remote = await connectRemote(pair.client as never)
      expect(await remote.acquire('k', 600_000)).not.toBeNull()
      expect(served.server.clients()).toHaveLength(1)
      expect(await remote.cache.keys()).toHaveLength(ROWS)
      await remote.disconnect()
      await before.disconnect()
    },
  )

  test('to an owner that serves again is accepted, also after a call that was sent to the former owner', async () => {
    const pair = attached()
    const before = await connectRemote(pair.client as never)
    pair.hold()
    const call = before.cache.set('k', 1).catch((error: unknown) => error)
    await new Promise((resolve) => setImmediate(resolve))
    await served.server.close()
    await using next = serve(served.adapter)
    next.attach(pair.owner as never)
    expect(await call).toMatchObject({ code: 'DISCONNECTED' })
    pair.release()
    const remote = await connectRemote(pair.client as never)
    expect(await remote.cache.get('k')).toBe(null)
    expect(next.clients()).toHaveLength(1)
    await remote.disconnect()
    await before.disconnect()
  })

  test('over a channel that has ended is refused at once, with the possible cause', async () => {
    const pair = attached()
    pair.client.connected = false
    await expect(connectRemote(pair.client as never)).rejects.toMatchObject({
      ...LEFT,
      message: expect.stringContaining("fork with serialization: 'json'"),
    })
  })

  test('after it was refused for its options is accepted', async () => {
    const pair = attached()
    const codec = { encode: JSON.stringify, decode: JSON.parse }
    await expect(connectRemote(pair.client as never, { codec })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const remote = await connectRemote(pair.client as never)
    await remote.cache.set('k', 1)
    await remote.disconnect()
  })

  test('while its former connection is closing gets an error that says to try again', async () => {
    const { port1, port2 } = new MessageChannel()
    const owner = served.port()
    const kept: unknown[] = []
    let keeps = false
    port2.on('message', (message) => owner.postMessage(message))
    owner.on('message', (message) => (keeps ? kept.push(message) : port2.postMessage(message)))
    const before = await connectRemote(port1)
    keeps = true
    const left = before.disconnect()
    // The owner's last message is held back.
    await expect.poll(() => kept.length).toBe(1)
    const again = { code: 'DISCONNECTED', outcome: 'none', retryable: true }
    await expect(connectRemote(port1)).rejects.toMatchObject(again)
    for (const message of kept) port2.postMessage(message)
    await left
    owner.close()
    port2.close()
  })

  test('after its owner has left need not disconnect first, and a later disconnect does not affect it', async () => {
    const pair = attached()
    const before = await connectRemote(pair.client as never)
    await before.cache.set('k', 1)
    await served.server.close()
    await expect.poll(() => before.isConnected()).toBe(false)
    await expect(before.cache.get('k')).rejects.toMatchObject(LEFT)
    await using next = serve(served.adapter)
    next.attach(pair.owner as never)
    const remote = await connectRemote(pair.client as never)
    await before.disconnect()
    expect(await remote.cache.get('k')).toBe(1)
    await expect(connectRemote(pair.client as never), 'it is in use').rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await remote.disconnect()
  })
})

test('the signal of a lock that is read after its owner has left has that as its reason', async () => {
  const pair = attached()
  const remote = await connectRemote(pair.client as never)
  const lock = await remote.acquire('k', 600_000)
  await served.server.close()
  await expect.poll(() => remote.isConnected()).toBe(false)
  expect(lock?.signal.reason).toMatchObject({ code: 'LOCK_LOST', message: expect.stringContaining('the owner of') })
  await remote.disconnect()
})

test('a remote database whose owner has left refuses every call at once', async () => {
  const pair = attached()
  const database = await openRemote(pair.client as never)
  await served.server.close()
  await new Promise((resolve) => setImmediate(resolve))
  const late = new SQLiteAdapter(database)
  await expect(late.cache.get('k')).rejects.toMatchObject(LEFT)
  const subscribe = () => late.circuitBreaker.subscribe('api', () => undefined)
  expect(subscribe).toThrow(expect.objectContaining({ ...LEFT, operation: 'circuitBreaker.subscribe' }))
  expect(late.isConnected()).toBe(false)
  await late.disconnect()
})

test('an owner that closes refuses a client that it is about to accept', async () => {
  const pair = attached()
  const connecting = connectRemote(pair.client as never)
  // The owner has read the greeting, but opening the database takes another turn.
  pair.owner.once('message', () => void served.server.close())
  await expect(connecting).rejects.toMatchObject({ code: 'CLOSED' })
})

test('every greeting has the form that all releases read, also a repeated one, which is longer', async () => {
  const posted: unknown[] = []
  const nothing = () => undefined
  // A worker, to which a client may connect again: its port is not closed.
  const owner = { terminate: nothing, ref: nothing, unref: nothing, threadId: 1 }
  const peer = Object.assign(new EventEmitter(), owner, { postMessage: (message: unknown) => posted.push(message) })
  for (let times = 0; times < 2; times++) {
    await expect(connectRemote(peer as never, { connectTimeout: 1 })).rejects.toMatchObject(LEFT)
  }
  const hello = (items: number) => ({ [ENVELOPE]: Object.assign(new Array(items).fill(expect.anything()), [1]) })
  expect(posted).toEqual([hello(4), hello(5)])
})

test('a second client at one end is refused, whichever earlier attempt it names', async () => {
  const hi = await greeting(served.port())
  for (const rest of [[], ['another nonce']]) {
    const said = await answerTo(served.port(), hi, [1, 'second', ...hi.slice(2), ...rest])
    expect(JSON.parse(String(said[2]))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test('a client goes on when that of another copy of the package at the same end is refused', async () => {
  const pair = attached()
  const remote = await connectRemote(pair.client as never)
  const lock = await remote.acquire('k', 600_000)
  const refused = nextMessage(pair)
  const [, , ...versions] = await greeting(served.port())
  pair.client.send({ [ENVELOPE]: [1, 'of the other copy', ...versions] })
  expect(await refused).toMatchObject({ [ENVELOPE]: [2, 'of the other copy', expect.anything()] })
  await remote.cache.set('k', 1)
  expect(await lock?.isValid()).toBe(true)
  expect(lock?.signal.aborted).toBe(false)
  await remote.disconnect()
})

test('an answer that a channel cannot carry ends the connection of its client only, and the owner goes on', async () => {
  const [pair, other] = [attached(), attached()]
  const uncaught: unknown[] = []
  const catching = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', catching).on('unhandledRejection', catching)
  const [remote, beside] = [await connectRemote(pair.client as never), await connectRemote(other.client as never)]
  await remote.acquire('k', 600_000)
  await remote.cache.set('large', 'too large')
  const { send } = pair.owner
  pair.owner.send = (message) => {
    if (JSON.stringify(message).includes('too large')) throw new RangeError('Invalid string length')
    return send.call(pair.owner, message)
  }
  await expect(remote.cache.get('large')).rejects.toMatchObject({
    ...LEFT,
    message: expect.stringContaining('cannot send an answer (Invalid string length)'),
  })
  expect(await beside.cache.get('large')).toBe('too large')
  const again = await connectRemote(pair.client as never)
  expect(await again.acquire('k', 600_000)).not.toBeNull()
  process.off('uncaughtException', catching).off('unhandledRejection', catching)
  expect(uncaught).toEqual([])
  await Promise.all([remote, beside, again].map((one) => one.disconnect()))
})
