import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { ServedFile } from '../proof/remote/served-file.js'

proveCell()

const END = new URL('../proof/releases/end.mjs', import.meta.url)
/** A build of an earlier protocol; see scripts/freeze-release.mjs. */
const FROZEN = new URL('../proof/releases/protocol-1.mjs', import.meta.url)

const KINDS = ['thread', 'process'] as const

/** An owner or a client with the frozen release. */
class FrozenEnd implements AsyncDisposable {
  readonly peer: Worker | ChildProcess

  constructor(kind: (typeof KINDS)[number], role: 'owner' | 'client', path?: string) {
    const given = { module: FROZEN.href, role, path }
    this.peer =
      kind === 'thread'
        ? new Worker(END, { workerData: given })
        : fork(fileURLToPath(END), [JSON.stringify(given)], { execArgv: [] })
  }

  answer(): Promise<unknown> {
    return new Promise((resolve) => {
      const receive = (message: object): void => {
        if (!('told' in message)) return
        this.peer.off('message', receive)
        resolve(message.told)
      }
      this.peer.on('message', receive)
    })
  }

  async end(): Promise<unknown> {
    const answer = this.answer()
    if (this.peer instanceof Worker) this.peer.postMessage({ order: 'end' })
    else this.peer.send({ order: 'end' })
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.peer instanceof Worker) await this.peer.terminate()
    else this.peer.kill('SIGKILL')
  }
}

test.each(KINDS)(
  'an owner of the previous release refuses a client of this one, and goes on: %s',
  async (kind) => {
    await using file = await ServedFile.open()
    const path = `${file.path}-of-another`
    await using owner = new FrozenEnd(kind, 'owner', path)
    expect(await owner.answer()).toBe('ready')
    await expect(connectRemote(owner.peer as never)).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(/uses protocol 4, the owner of the database protocol 1/),
    })
    expect(await owner.end()).toEqual({ value: 1, clients: 0 })
    const left = await engine.SQLiteAdapter.open(path)
    expect(await left.cache.keys()).toEqual(['of the owner'])
    await left.disconnect()
  },
  60_000,
)

test.each(KINDS)(
  'a client of the previous release is refused by an owner of this one, which goes on: %s',
  async (kind) => {
    await using file = await ServedFile.open()
    await file.adapter.cache.set('of the owner', 1)
    await using client = new FrozenEnd(kind, 'client')
    file.server.attach(client.peer as never)
    expect(await client.answer()).toEqual({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(/uses protocol 1, the owner of the database protocol 4/),
    })
    expect(file.server.clients()).toEqual([])
    expect(await file.adapter.cache.keys()).toEqual(['of the owner'])
  },
  60_000,
)

test('the previous release works with itself', async () => {
  await using file = await ServedFile.open()
  await using owner = new FrozenEnd('thread', 'owner', `${file.path}-of-another`)
  await owner.answer()
  const frozen: { connectRemote: typeof connectRemote } = await import(FROZEN.href)
  const adapter = await frozen.connectRemote(owner.peer as never)
  await adapter.cache.set('of a client', 2)
  expect(await adapter.cache.get('of the owner')).toBe(1)
  await adapter.disconnect()
  expect(await owner.end()).toEqual({ value: 1, clients: 0 })
}, 60_000)
