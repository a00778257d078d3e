import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { Piscina } from 'piscina'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import { secondCopy } from '../proof/remote/second-copy.js'
import { ServedFile } from '../proof/remote/served-file.js'
import { wakes } from '../proof/remote/wakes.js'

proveCell()

const otherCopy = secondCopy()
const script = (name: string) => new URL(`../proof/remote/${name}.mjs`, import.meta.url)

function start(file: ServedFile, name: string, given: object): Worker {
  const port = file.server.createPort() as never
  return new Worker(script(name), { workerData: { port, ...given }, transferList: [port] })
}

test('a thread that makes one call and returns ends by itself, and its call is done', async () => {
  await using file = await ServedFile.open()
  for (const what of ['get', 'a value']) {
    const [code] = await once(start(file, 'short', { what }), 'exit')
    expect(code).toBe(0)
  }
  expect(await file.adapter.cache.get('k')).toBe('a value')
  await expect.poll(() => file.server.clients()).toEqual([])
}, 60_000)

test('a thread that listens to its parent on the port of its connection stays alive', async () => {
  await using file = await ServedFile.open()
  const client = await file.client('attached')
  const idle = new Promise((resolve) => setTimeout(resolve, 100, 'idle'))
  expect(await Promise.race([client.ended, idle])).toBe('idle')
  await client.do('set', { key: 'k', value: 1 })
  expect(await client.do('get', { key: 'k' })).toBe(1)
}, 60_000)

test('a thread waits for a message after it has disconnected, and ends after the last one while it is connected', async () => {
  await using file = await ServedFile.open()
  const thread = new Worker(script('waits-for-messages'), { workerData: { connected: [false, false, true] } })
  file.server.attach(thread)
  expect(await wakes(thread)).toBe(0)
  expect(await file.adapter.cache.get('connected')).toBe(true)
}, 60_000)

test('a thread that has disconnected waits for one message after another, and ends after the last one', async () => {
  await using file = await ServedFile.open()
  const thread = new Worker(script('waits-for-messages'), { workerData: { connected: [false, null, null] } })
  file.server.attach(thread)
  expect(await wakes(thread)).toBe(0)
}, 20_000)

test('a thread in which two copies of the package use its owner, one after the other, ends by itself', async () => {
  await using file = await ServedFile.open()
  const thread = new Worker(script('two-copies'), { workerData: { other: otherCopy.remote } })
  file.server.attach(thread)
  expect(await once(thread, 'exit')).toEqual([0])
  expect(await file.adapter.cache.keys()).toEqual(['one', 'other'])
}, 20_000)

test('a thread serves its remote adapter to its own thread', async () => {
  await using file = await ServedFile.open()
  const thread = start(file, 'serves-on', {})
  expect(await once(thread, 'message')).toEqual([0])
  expect(await file.adapter.cache.get('k')).toBe('of a grandchild')
}, 60_000)

test.each([
  ['also where each asks by a second connection', 2, [['a', 'b']], [['b', 'a']]],
  [
    'also where one of them loads two keys of the circle',
    1,
    [['a', 'b']],
    [
      ['b', 'c'],
      ['c', 'a'],
    ],
  ],
])(
  'loads of two threads that ask for each other’s key are refused, %s',
  async (_, connections, ...ofThreads) => {
    await using file = await ServedFile.open()
    const threads = ofThreads.map((loads) => {
      const ports = Array.from({ length: connections }, () => file.server.createPort() as never)
      return new Worker(script('asks-in-circle'), { workerData: { ports, loads }, transferList: ports })
    })
    for (const loading of threads.map((thread) => once(thread, 'message'))) expect(await loading).toEqual(['loading'])
    const got = threads.map((thread) => once(thread, 'message'))
    for (const thread of threads) thread.postMessage('go on')
    expect(await Promise.all(got)).toEqual(ofThreads.map((loads) => [loads.map(() => 'INVALID_ARGUMENT')]))
    await Promise.all(threads.map((thread) => once(thread, 'exit')))
  },
  60_000,
)

test('loads of two threads that ask for each other’s key are refused to the code of one of them, and to no other caller of the key', async () => {
  await using file = await ServedFile.open()
  const instead = 'loaded without the other'
  const threads = [
    ['a', 'b'],
    ['b', 'a'],
  ].map((load) => {
    const port = file.server.createPort() as never
    const workerData = { ports: [port], loads: [load], instead }
    return new Worker(script('asks-in-circle'), { workerData, transferList: [port] })
  })
  for (const loading of threads.map((thread) => once(thread, 'message'))) expect(await loading).toEqual(['loading'])
  const ended = threads.map((thread) => once(thread, 'exit'))
  const said: unknown[] = []
  for (const thread of threads) thread.on('message', (outcomes) => said.push(outcomes)).postMessage('go on')
  await Promise.all(ended)
  expect(said).toEqual(new Array(4).fill([instead]))
}, 60_000)

test('the threads of a piscina pool increment a counter under one lock', async () => {
  await using file = await ServedFile.open()
  const pool = new Piscina({ filename: fileURLToPath(script('task')), minThreads: 4, maxThreads: 4 })
  const tasks = Array.from({ length: 8 }, () => {
    const port = file.server.createPort() as never
    return pool.run({ port, counter: 'count', times: 5 }, { transferList: [port] })
  })
  await Promise.all(tasks)
  expect(await file.adapter.cache.get('count')).toBe(40)
  await pool.destroy()
  await expect.poll(() => file.server.clients()).toEqual([])
}, 600_000)

test('locks in memory of two owners of one file do not exclude one another, and those in the database do', async () => {
  for (const [locks, held] of [
    ['process', false],
    ['database', true],
  ] as const) {
    await using file = await ServedFile.open({ locks })
    const second = await engine.SQLiteAdapter.open(file.path, { locks })
    const server = serve(second)
    const [one, two] = await Promise.all([connectRemote(file.server.createPort()), connectRemote(server.createPort())])
    expect(await one.acquire('job', 60_000)).not.toBe(null)
    expect((await two.acquire('job', 60_000)) === null).toBe(held)
    await Promise.all([one.disconnect(), two.disconnect()])
    await server.close()
    await second.disconnect()
  }
}, 60_000)

test('no call and no answer is lost, however many are sent one by one', async () => {
  const [loops, times] = [8, proofCount({ inTests: 250, inSoak: 60_000 })]
  await using file = await ServedFile.open({ durability: 'process' })
  const client = await file.client('thread')
  await client.do('fail', { key: 'count', loops, times })
  expect((await file.adapter.circuitBreaker.getState('count'))?.failureCount).toBe(loops * times)
}, 600_000)
