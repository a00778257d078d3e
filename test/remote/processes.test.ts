import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { OwnerProcess, portsOfAdapters, remoteEngine } from '@go-go-scope/persistence-conformance/workspace'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { cell, engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { runtimes } from '../matrix.mjs'
import { proofCount } from '../proof/proof-count.js'
import { OwnerOfFile } from '../proof/remote/owner-of-file.js'
import { ServedFile } from '../proof/remote/served-file.js'
import { wakes } from '../proof/remote/wakes.js'

proveCell()

const script = (name: string) => fileURLToPath(new URL(`../proof/remote/${name}.mjs`, import.meta.url))

describe('over process IPC', () => {
  // One serialization per runtime: the suites are the same, and one run shows what the serialization loses.
  const serialization = cell.runtime === 'node24' ? 'advanced' : 'json'
  portsOfAdapters(runner, remoteEngine(engine, new OwnerProcess(engine, serialization)))
})

describe('a process', () => {
  test('that makes one call and returns ends by itself, and its call is done', async () => {
    await using file = await ServedFile.open()
    for (const what of ['get', 'a value']) {
      const child = fork(script('short'), [what], { execArgv: [] })
      file.server.attach(child as never)
      expect(await once(child, 'exit')).toEqual([0, null])
    }
    expect(await file.adapter.cache.get('k')).toBe('a value')
  }, 60_000)

  test('waits for a message after it has disconnected, and ends after the last one while it is connected', async () => {
    await using file = await ServedFile.open()
    const child = fork(script('waits-for-messages'), [JSON.stringify([false, false, true])], { execArgv: [] })
    file.server.attach(child as never)
    expect(await wakes(child)).toBe(0)
    expect(await file.adapter.cache.get('connected')).toBe(true)
  }, 60_000)

  test('that disconnects with unawaited calls in flight ends', async () => {
    await using file = await ServedFile.open()
    const child = fork(script('short'), ['subscriptions'], { execArgv: [] })
    file.server.attach(child as never)
    expect(await once(child, 'exit')).toEqual([7, null])
  }, 60_000)

  test('of another runtime uses the adapter with json, and gets an error that says so over another serialization', async () => {
    await using file = await ServedFile.open()
    const other = runtimes[process.versions.bun === undefined ? 'bun' : 'node24']?.path
    const run = async (serialization: 'json' | 'advanced', ...given: string[]) => {
      const how = { execPath: other, execArgv: [], serialization, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] as const }
      const child = fork(script('short'), given, how as never)
      file.server.attach(child as never)
      const [said, [code]] = await Promise.all([text(child.stderr as Readable), once(child, 'close')])
      return { said, code }
    }
    expect(await run('json', 'a value')).toMatchObject({ code: 0 })
    expect(await file.adapter.cache.get('k')).toBe('a value')
    const refused = await run('advanced', 'another value', '1000')
    expect(refused.code).toBe(1)
    expect(refused.said).toMatch(/DISCONNECTED|DisconnectedError/)
    expect(refused.said).toContain("fork with serialization: 'json'")
    expect(await file.adapter.cache.get('k')).toBe('a value')
    expect(file.server.clients()).toEqual([])
  }, 60_000)

  test('of a cluster uses the adapter of the primary, which serves it once', async () => {
    await using file = await ServedFile.open()
    const path = `${file.path}-of-cluster`
    const { path: runtime = '' } = runtimes[cell.runtime] ?? {}
    const { output, exitCode } = await runProcess(runtime, [script('clustered'), engine.module.href, path], {
      limit: 60_000,
    })
    expect(exitCode, output).toBe(0)
    const refusals = ['INVALID_ARGUMENT', 'INVALID_ARGUMENT']
    expect(JSON.parse(output)).toEqual({ refusals, codes: [0, 0], count: 50, clients: [] })
  }, 90_000)

  test('exchanges messages of the app on the same channel, in both directions', async () => {
    await using file = await ServedFile.open()
    const client = await file.client('child')
    const received: unknown[] = []
    client.peer.on('message', (message) => received.push(message))
    const child = client.peer as ChildProcess
    child.send({ cmd: 'of the app' })
    child.send({ 'go-go-scope/1': [99], error: 'unknown command' })
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.do('set', { key: `k${n}`, value: n })))
    expect(await client.do('get', { key: 'k19' })).toBe(19)
    const ours = received.filter((message) => Object.hasOwn(message as object, 'go-go-scope/1'))
    expect(ours.length, 'the app sees our messages too, under one name').toBeGreaterThan(0)
    expect(received.length - ours.length).toBe(21)
  }, 60_000)

  test('may be killed many times, and no error of a closed channel is reported', async () => {
    const times = proofCount({ inTests: 2, inSoak: 50 })
    await using file = await ServedFile.open()
    const errors: unknown[] = []
    const note = (error: unknown) => errors.push(error)
    process.on('unhandledRejection', note)
    for (let time = 0; time < times; time++) {
      const clients = await file.clients('child', 2)
      for (const [at, client] of clients.entries()) {
        client.peer.on('error', note)
        client.send('pile', { sets: 50, at: 50 * at })
        if (at === 0) client.send('exit')
        else void client.kill()
      }
      await Promise.all(clients.map(({ ended }) => ended))
    }
    process.off('unhandledRejection', note)
    expect(errors).toEqual([])
    await expect.poll(() => file.server.clients()).toEqual([])
  }, 600_000)

  test('sends and receives every value that can be bound unchanged', async () => {
    const owner = await OwnerOfFile.start('process', { locks: 'database' })
    try {
      const lock = await owner.adapter.acquire('job', Number.POSITIVE_INFINITY)
      const given = fc.oneof(
        fc.constantFrom(-0, 5e-324, 2 ** 53, '', null),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed()),
        fc.uint8Array(),
      )
      await fc.assert(
        fc.asyncProperty(given, async (value) => {
          const statement = { sql: 'SELECT ? AS value', parameters: [value] }
          const [rows] = await owner.adapter.fenced(lock as never, [statement])
          const got = rows?.[0]?.value
          if (value instanceof Uint8Array) expect(new Uint8Array(got as Uint8Array)).toEqual(value)
          // An engine does not distinguish 0 from -0.
          else expect(typeof got === 'number' ? got + 0 : got).toEqual(typeof value === 'number' ? value + 0 : value)
        }),
        { numRuns: 100 },
      )
    } finally {
      await owner.end()
    }
  }, 60_000)

  test('gets a lock that never expires', async () => {
    const owner = await OwnerOfFile.start('process')
    try {
      const lock = await owner.adapter.acquire('job', Number.POSITIVE_INFINITY)
      expect(lock?.expiresAt).toBe(Number.POSITIVE_INFINITY)
      expect(await lock?.isValid()).toBe(true)
    } finally {
      await owner.end()
    }
  }, 60_000)
})
