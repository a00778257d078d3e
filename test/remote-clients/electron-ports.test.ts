import { EventEmitter } from 'node:events'
import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()

/** Electron's class as it is documented: it queues messages until `start`, gives events, and has no `ref`. */
class MessagePortMain extends EventEmitter {
  other: MessagePortMain | undefined
  #queued: unknown[] | undefined = []

  postMessage(message: unknown, _transfer?: MessagePortMain[]): void {
    const data: unknown = structuredClone(message)
    const { other } = this
    if (other !== undefined) setImmediate(() => other.#take(data))
  }

  start(): void {
    const queued = this.#queued ?? []
    this.#queued = undefined
    for (const data of queued) this.#take(data)
  }

  close(): void {
    const { other } = this
    if (other === undefined) return
    this.other = other.other = undefined
    setImmediate(() => other.emit('close'))
  }

  #take(data: unknown): void {
    if (this.#queued !== undefined) this.#queued.push(data)
    else this.emit('message', { data, ports: [] })
  }
}

function messageChannelMain() {
  const [port1, port2] = [new MessagePortMain(), new MessagePortMain()]
  port1.other = port2
  port2.other = port1
  return { port1, port2 }
}

test('a MessagePortMain of Electron is served beside messages of the app, and its end is noticed', async () => {
  const { port1, port2 } = messageChannelMain()
  const connecting = connectRemote(port2)
  served.server.attach(port1)
  const remote = await connecting
  const ofApp: unknown[] = []
  port1.on('message', ({ data }) => data.of === 'the app' && ofApp.push(data))
  port2.postMessage({ of: 'the app' })
  await remote.cache.setMany(Array.from({ length: 40 }, (_, at) => [`k${at}`, at]))
  expect(await served.adapter.cache.keys()).toHaveLength(40)
  expect(ofApp).toEqual([{ of: 'the app' }])
  expect(await remote.acquire('k', 600_000)).not.toBeNull()
  port2.close()
  await expect.poll(() => served.server.clients()).toEqual([])
  expect(await served.adapter.acquire('k', 600_000)).not.toBeNull()
})

test('a client on a MessagePortMain of Electron closes it, and learns that its owner has left', async () => {
  const [first, second] = [messageChannelMain(), messageChannelMain()]
  for (const { port1 } of [first, second]) served.server.attach(port1)
  const [leaves, stays] = [await connectRemote(first.port2), await connectRemote(second.port2)]
  await leaves.disconnect()
  expect(first.port1.other).toBe(undefined)
  await served.server.close()
  await expect.poll(() => stays.isConnected()).toBe(false)
  await stays.disconnect()
})

test.each([
  ['a UtilityProcess of Electron', new EventEmitter(), { kill: () => true }],
  ['process.parentPort of Electron', new EventEmitter(), {}],
])('%s is refused', (_, emitter, members) => {
  const peer = Object.assign(emitter, { postMessage: () => undefined }, members)
  expect(() => served.server.attach(peer)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})
