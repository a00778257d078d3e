import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { followedContents, sha256Of } from '@go-go-scope/persistence-conformance/workspace'
import { afterAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { printedSeed } from '../proof/printed-seed.js'
import { type Member, otherMember, thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const JUMP = 2 ** 32
/** Two, of both kinds of runtime. */
const WRITERS: readonly Member[] = [thisMember, otherMember]

interface Found {
  readonly equal: boolean
  readonly rows: number
  readonly state: string
  readonly reason: string | null
}

const writerScript = new URL('../proof/standby/writer.mjs', import.meta.url)
const followerScript = new URL('../proof/standby/follower.mjs', import.meta.url)

/** A process that can be killed; the next order starts another one in its place. */
class Replaceable {
  readonly #start: () => ProofProcess
  #process: ProofProcess | undefined

  constructor(start: () => ProofProcess) {
    this.#start = start
  }

  async ask<T>(order: string): Promise<T> {
    if (this.#process === undefined) {
      this.#process = this.#start()
      await this.#process.ready()
    }
    return this.#process.ask<T>(order)
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
    this.#process = undefined
  }
}

describe('a standby under several writing processes, with kills on both sides', () => {
  const folder = mkdtempSync(join(tmpdir(), 'standby-'))
  const random = seededRandom(printedSeed('standby'))
  const histories = proofCount({ inTests: 1, inSoak: 250 })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Lets all of them work for a moment. */
  const meanwhile = () => pause(5 + random() * 40)

  test('every history ends with equal cells on both sides, and takes over with every acknowledged write', async () => {
    const writers = WRITERS.map((member) => new Replaceable(() => new ProofProcess(member, writerScript)))
    const follower = new Replaceable(() => new ProofProcess(thisMember, followerScript))
    const everybody = [...writers, follower]
    let kills = 0
    try {
      for (let number = 0; number < histories; number++) kills += await runHistory(number, writers, follower)
    } finally {
      await Promise.all(everybody.map((one) => one.kill()))
    }
    expect(kills).toBeGreaterThanOrEqual(histories * 3)
    reportProof({
      proof: 'standby under two writing processes, SIGKILL of writers and follower',
      file: 'test/failures/standby.test.ts',
      runs: `${histories} histories, ${kills} kills`,
      result: '0 cells differ by sha256, 0 called diverged, 0 acknowledged writes lost by takeover',
    })
  }, 3_000_000)

  /** @returns how many processes were killed. */
  async function runHistory(number: number, writers: Replaceable[], follower: Replaceable): Promise<number> {
    const source = join(folder, `${number}.db`)
    const target = join(folder, `${number}-standby.db`)
    const logs = writers.map((_, at) => join(folder, `${number}-${at}.log`))
    const write = (at: number) => writers[at]?.ask(`write ${source} ${at} ${logs[at]}`)
    const follow = () => follower.ask<Found>(`follow ${source} ${target}`)
    await writers[0]?.ask(`make ${source}`)
    await Promise.all(writers.map((_, at) => write(at)))
    let kills = 0
    let { state } = await follow()
    expect(state).toBe('following')
    for (let round = 0; round < 2; round++) {
      await meanwhile()
      await follower.kill()
      kills++
      const again = await follow()
      expect(again).toMatchObject({ state: 'following' })
      state = again.state
    }
    await meanwhile()
    expect(await follower.ask<Found>('verify')).toMatchObject({ equal: true, state: 'following' })
    const [killed, stopped] = random() < 0.5 ? [0, 1] : [1, 0]
    await writers[killed]?.kill()
    kills++
    await writers[stopped]?.ask('stop')
    // Ended, because some engines keep a file open for longer than its handle.
    await writers[stopped]?.kill()
    expect(await follower.ask<Found>('verify')).toMatchObject({ equal: true, state: 'following' })
    const taken = await follower.ask<{ last: Record<string, number>; token: number }>('take-over')
    expect(taken.token).toBeGreaterThan(JUMP)
    for (const [at, log] of logs.entries()) {
      const acknowledged = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').map(Number).at(-1) : 0
      expect(taken.last[`last-of-${at}`] ?? 0).toBeGreaterThanOrEqual(acknowledged ?? 0)
    }
    const [there, here] = [await followedContents(engine, source), await followedContents(engine, target)]
    // The others have changed with the counters.
    for (const table of [
      'go_goscope_cache',
      'go_goscope_circuit',
      'go_goscope_checkpoints',
      'go_goscope_idempotency',
    ]) {
      expect(sha256Of({ [table]: here[table] ?? [] })).toBe(sha256Of({ [table]: there[table] ?? [] }))
    }
    return kills
  }
})
