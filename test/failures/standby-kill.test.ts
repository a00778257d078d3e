import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { printedSeed } from '../proof/printed-seed.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const FOLLOWER = new URL('../proof/standby/follower.mjs', import.meta.url)
const ENTRIES = 2_000
/** Some engines keep the source open in this process beyond its handle, and then it would be refused. */
const TAKE_OVER = 'take-over force'

describe('kill -9 in the middle of the first copy of a standby, and of its takeover', () => {
  const folder = mkdtempSync(join(tmpdir(), 'standby-kill-'))
  const source = join(folder, 'app.db')
  const random = seededRandom(printedSeed('kill -9 of standbys'))
  const kills = proofCount({ inTests: 1, inSoak: 40 })
  let token = 0
  /**
   * ms within which a process is killed: the time that a first copy took on this machine, and first twice that of a takeover. A kill
   * that came before the end of a takeover doubles the latter, and one that came after it halves it: so a soak meets both, however
   * busy the machine becomes.
   */
  let [copying, takingOver] = [0, 0]
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  beforeAll(async () => {
    const adapter = await engine.SQLiteAdapter.open(source, { locks: 'database' })
    await adapter.cache.setMany(Array.from({ length: ENTRIES }, (_, at) => [`entry-${at}`, at]))
    token = (await adapter.lock.acquire('job', 3_600_000, 'me'))?.token ?? 0
    await adapter.disconnect()
    const follower = new ProofProcess(thisMember, FOLLOWER)
    await withProcesses([follower], async () => {
      await follower.ready()
      const begun = performance.now()
      await follower.ask(`follow ${source} ${join(folder, 'measured.db')}`)
      const copied = performance.now()
      await follower.ask(TAKE_OVER)
      ;[copying, takingOver] = [copied - begun, 2 * (performance.now() - copied)]
    })
  })

  /** Has a follower execute the orders and kills it at a random moment within `ms` after the last one. */
  async function killMidway(ms: number, ...orders: string[]): Promise<void> {
    const follower = new ProofProcess(thisMember, FOLLOWER)
    await withProcesses([follower], async () => {
      await follower.ready()
      for (const order of orders.slice(0, -1)) await follower.ask(order)
      follower.send(orders.at(-1) ?? '')
      await pause(random() * ms)
      follower.signal('SIGKILL')
      expect(await follower.ended).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    })
  }

  /** Reads a copy: some engines keep a checked file open, but only its follower may have a standby open. */
  async function tablesOf(path: string): Promise<unknown[]> {
    const copy = `${path}.looked-at`
    for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix)
    const handle = await engine.openHandle(copy)
    try {
      return (await engine.rows(handle, 'SELECT name FROM sqlite_master')).map(({ name }) => name)
    } finally {
      await engine.closeHandle(handle)
    }
  }

  test('leaves a standby that can continue, or a complete database, and nothing in between', async () => {
    let [standbys, databases] = [0, 0]
    let round = 0
    // A soak in which every kill came before the end of a takeover, or every one after it, would say nothing of the other.
    const least = proofCount({ inTests: 0, inSoak: 1 })
    for (; round < kills || standbys < least || databases < least; round++) {
      const target = join(folder, `standby-${round}.db`)
      await killMidway(copying, `follow ${source} ${target}`)
      const first = await engine.Standby.follow(source as never, { target })
      expect(await first.verify()).toMatchObject({ equal: true })
      await first.stop()
      await killMidway(takingOver, `follow ${source} ${target}`, TAKE_OVER)
      if ((await tablesOf(target)).includes('go_goscope_standby')) {
        standbys++
        takingOver *= 2
        const again = await engine.Standby.follow(source as never, { target })
        expect(await again.verify()).toMatchObject({ equal: true })
        await (await again.takeOver({ force: true })).disconnect()
      } else {
        databases++
        takingOver /= 2
      }
      const adapter = await engine.SQLiteAdapter.open(target, { locks: 'database' })
      expect(await adapter.cache.keys('entry-*')).toHaveLength(ENTRIES)
      expect((await adapter.lock.acquire('another', 1_000))?.token).toBeGreaterThan(token + 2 ** 32)
      await adapter.disconnect()
    }
    reportProof({
      proof: 'kill -9 in the middle of first copies and takeovers of a standby',
      file: 'test/failures/standby-kill.test.ts',
      runs: `${2 * round} kills`,
      result: `${standbys} standbys that went on, ${databases} databases with everything, nothing in between`,
    })
  }, 1_800_000)
})
