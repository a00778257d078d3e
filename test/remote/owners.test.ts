import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connectRemote, type Peer } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { NOTICED } from '../proof/remote/taken-soon.js'

proveCell()

const script = new URL('../proof/remote/serves-again.mjs', import.meta.url)
const { href } = engine.module
const IDLE = 100

test.each([
  ['thread', () => new Worker(script, { workerData: href })],
  ['child', () => fork(fileURLToPath(script), [href], { execArgv: [] })],
] as const)(
  'a %s that serves its parent again hears that the former locks are given up, and stays alive for its parent',
  async (_, start) => {
    const owner = start()
    const ended = once(owner, 'exit')
    try {
      await once(owner, 'message')
      const former = await connect(owner as Peer)
      const lock = await former.acquire('job', Number.POSITIVE_INFINITY)
      await expect.poll(() => lock?.signal.aborted, { timeout: NOTICED }).toBe(true)
      const next = await connect(owner as Peer)
      await expect.poll(() => next.cache.get('freed'), { timeout: NOTICED }).toBe(true)
      await next.disconnect()
      await new Promise((resolve) => setTimeout(resolve, IDLE))
      const last = await connect(owner as Peer)
      expect(await last.cache.get('freed')).toBe(true)
      await last.disconnect()
    } finally {
      if ('kill' in owner) owner.kill()
      else await owner.terminate()
      await ended
    }
  },
  60_000,
)

/** Connects as soon as the owner serves, and an earlier connection has ended. */
async function connect(owner: Peer) {
  for (;;) {
    try {
      return await connectRemote(owner, { connectTimeout: NOTICED })
    } catch (error) {
      if (!(error as Error).message.includes('has not ended yet')) throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}
