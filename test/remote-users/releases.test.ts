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

  constructor(kind: (typeof KINDS)[number], role: 'owner' | 'user', path?: string) {
    const given = { module: FROZEN.href, role, path }
    this.peer =
      kind === 'thread'
        ? new Worker(END, { workerData: given })
        : fork(fileURLToPath(END), [JSON.stringify(given)], { execArgv: [] })
  }

  told(): Promise<unknown> {
    return new Promise((resolve) => {
      const hear = (message: object): void => {
        if (!('told' in message)) return
        this.peer.off('message', hear)
        resolve(message.told)
      }
      this.peer.on('message', hear)
    })
  }

  async end(): Promise<unknown> {
    const told = this.told()
    if (this.peer instanceof Worker) this.peer.postMessage({ order: 'end' })
    else this.peer.send({ order: 'end' })
    return told
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.peer instanceof Worker) await this.peer.terminate()
    else this.peer.kill('SIGKILL')
  }
}

test.each(KINDS)(
  'an owner of the release before refuses a user of this one, and goes on: %s',
  async (kind) => {
    await using file = await ServedFile.open()
    const path = `${file.path}-of-another`
    await using owner = new FrozenEnd(kind, 'owner', path)
    expect(await owner.told()).toBe('ready')
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
  'a user of the release before is refused by an owner of this one, who goes on: %s',
  async (kind) => {
    await using file = await ServedFile.open()
    await file.adapter.cache.set('of the owner', 1)
    await using user = new FrozenEnd(kind, 'user')
    file.server.attach(user.peer as never)
    expect(await user.told()).toEqual({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(/uses protocol 1, the owner of the database protocol 4/),
    })
    expect(file.server.clients()).toEqual([])
    expect(await file.adapter.cache.keys()).toEqual(['of the owner'])
  },
  60_000,
)

test('the release before works with itself', async () => {
  await using file = await ServedFile.open()
  await using owner = new FrozenEnd('thread', 'owner', `${file.path}-of-another`)
  await owner.told()
  const frozen: { connectRemote: typeof connectRemote } = await import(FROZEN.href)
  const adapter = await frozen.connectRemote(owner.peer as never)
  await adapter.cache.set('of a user', 2)
  expect(await adapter.cache.get('of the owner')).toBe(1)
  await adapter.disconnect()
  expect(await owner.end()).toEqual({ value: 1, clients: 0 })
}, 60_000)
