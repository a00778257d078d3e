import { type ChildProcess, fork } from 'node:child_process'
import cluster from 'node:cluster'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { connectRemote, type Peer, serve } from '@go-go-scope/persistence-core/remote'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()
const folder = mkdtempSync(join(tmpdir(), 'ended-'))
const script = join(folder, 'waits.cjs')
writeFileSync(script, "process.argv[2] === 'waits' ? setInterval(() => {}, 1e6) : process.exit(3)")
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Ended = Worker | ChildProcess | ReturnType<typeof cluster.fork>

function exited<Kind extends Ended>(peer: Kind): Promise<Kind> {
  return new Promise((resolve) => peer.on('exit', () => resolve(peer)))
}

async function clustered() {
  cluster.setupPrimary({ exec: script, args: [], execArgv: [] })
  const worker = cluster.fork()
  // The cluster removes its listener at the disconnection, which may come after the exit.
  const disconnected = new Promise((resolve) => worker.on('disconnect', resolve))
  await Promise.all([exited(worker), disconnected])
  return worker
}

async function killed() {
  const child = fork(script, ['waits'], { execArgv: [] })
  setTimeout(() => child.kill('SIGKILL'), 20)
  return exited(child)
}

async function notStarted() {
  const child = fork(script, [], { execPath: join(folder, 'none'), execArgv: [] })
  await new Promise((resolve) => child.on('error', resolve))
  return child
}

function closedPort() {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return new Promise((resolve) => setTimeout(resolve, 20, port1))
}

function transferredPort() {
  const { port1 } = new MessageChannel()
  const other = new MessageChannel()
  other.port1.postMessage(port1, [port1 as never])
  other.port1.close()
  return port1
}

// On Bun such a child has no channel, so it is refused.
const NOT_STARTED = 'a child that could not be started'
const isBun = process.versions.bun !== undefined
const REFUSED = isBun ? NOT_STARTED : undefined
const REFUSAL = { code: 'INVALID_ARGUMENT' }

const PEERS: readonly (readonly [string, () => unknown])[] = [
  ['a thread', () => exited(new Worker('0', { eval: true }))],
  ['a child', () => exited(fork(script, { execArgv: [] }))],
  ['a child that was killed', killed],
  [NOT_STARTED, notStarted],
  ['a worker of a cluster', clustered],
  ['a port whose other end is closed', closedPort],
  ['a port that was transferred', transferredPort],
]

describe('a peer that has ended before', () => {
  test.each(PEERS)(
    'is not served, and its channel is left: %s',
    async (what, bring) => {
      const peer = (await bring()) as Peer & Ended
      if (what === REFUSED) return expect(() => served.server.attach(peer)).toThrow(expect.objectContaining(REFUSAL))
      // A worker of a cluster is served as its process.
      const end = 'process' in peer ? peer.process : peer
      const listeners = () => end.eventNames().map((name) => [name, end.listenerCount(name as string)])
      const before = listeners()
      served.server.attach(peer)
      // The listeners are removed, so another server can serve it.
      await expect.poll(listeners).toEqual(before)
      const other = serve(served.adapter)
      other.attach(peer)
      await Promise.all([other.close(), served.server.close()])
    },
    30_000,
  )

  test.each(PEERS)(
    'is reported as ended to a client that connects to it, at once: %s',
    async (what, bring) => {
      const peer = (await bring()) as Peer
      const gone = { code: 'DISCONNECTED', message: expect.stringContaining('has gone') }
      const expected = what === REFUSED ? REFUSAL : gone
      await expect(connectRemote(peer, { connectTimeout: 3_600_000 })).rejects.toMatchObject(expected)
    },
    30_000,
  )
})

test('a client whose port is transferred while it awaits an answer is disconnected', async () => {
  const port = served.port()
  const remote = await connectRemote(port)
  const called = remote.cache.set('k', 1)
  new MessageChannel().port1.postMessage(port, [port as never])
  await expect(called).rejects.toMatchObject({ code: 'DISCONNECTED', outcome: 'unknown' })
  expect(remote.isConnected()).toBe(false)
  await remote.disconnect()
})

test('a call of a client adds no timer to those that an app has faked, which a test of the app may run until none is left', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const remote = await connectRemote(served.port())
  const called = remote.cache.get('k')
  expect(vi.getTimerCount()).toBe(0)
  await called
  await remote.disconnect()
})

test('a child that cannot be started is left as soon as that is known', async () => {
  const child = fork(script, [], { execPath: join(folder, 'none'), execArgv: [] })
  child.on('error', () => undefined)
  const attach = () => served.server.attach(child as never)
  if (isBun) expect(attach).toThrow(expect.objectContaining(REFUSAL))
  else attach()
  await expect.poll(() => child.listenerCount('message')).toBe(0)
})
