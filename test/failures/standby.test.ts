import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
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
import { Replaceable } from '../proof/process/replaceable.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const JUMP = 2 ** 32
const WRITERS: readonly Member[] = [thisMember, otherMember]
/** The tables that a takeover does not change; it raises the counters in the others. */
const KEPT_BY_TAKEOVER = [
  'go_goscope_cache',
  'go_goscope_circuit',
  'go_goscope_checkpoints',
  'go_goscope_idempotency',
] as const

/** The ends of a history: a takeover, or a source or standby with another history. */
const ENDS = ['takeover', 'older source', 'fork', 'hand edit'] as const
type End = (typeof ENDS)[number]
type Victim = 'follower' | 'writer'

interface Found {
  readonly equal: boolean
  readonly position: number
  readonly state: string
  readonly reason: string | null
}

const FOLLOWS = { state: 'following' }
const writerScript = new URL('../proof/standby/writer.mjs', import.meta.url)
const followerScript = new URL('../proof/standby/follower.mjs', import.meta.url)

/** Runs statements on a separate connection. @returns the rows of the last one. */
async function past(path: string, ...texts: string[]): Promise<Record<string, unknown>[]> {
  const handle = await engine.openHandle(path)
  try {
    await engine.rows(handle, 'PRAGMA busy_timeout = 30000')
    let rows: Record<string, unknown>[] = []
    for (const text of texts) rows = await engine.rows(handle, text)
    return rows
  } finally {
    await engine.closeHandle(handle)
  }
}

/** Returns the number of the last acknowledged operation. */
function acknowledged(log: string): number {
  return existsSync(log) ? Number(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1)) : 0
}

describe('a standby under several writing processes, with kills on both sides', () => {
  const folder = mkdtempSync(join(tmpdir(), 'standby-'))
  const random = seededRandom(printedSeed('standby'))
  const histories = proofCount({ inTests: 1, inSoak: 250 })
  const writers = WRITERS.map((member) => new Replaceable(() => new ProofProcess(member, writerScript)))
  const follower = new Replaceable(() => new ProofProcess(thisMember, followerScript))
  let kills = 0
  const ended: Record<End, number> = { takeover: 0, 'older source': 0, fork: 0, 'hand edit': 0 }
  afterAll(async () => {
    await Promise.all([...writers, follower].map((one) => one.kill()))
    rmSync(folder, { recursive: true, force: true })
  })

  /** Waits while all processes work. */
  const meanwhile = () => pause(5 + random() * 40)
  const either = <Of>(one: Of, other: Of): Of => (random() < 0.5 ? one : other)
  const kill = async (one: Replaceable | undefined): Promise<void> => {
    await one?.kill()
    kills++
  }

  test('every history ends with equal cells on both sides, and takes over with every acknowledged write; forks, older sources and manual edits are found', async () => {
    for (let number = 0; number < histories; number++) {
      // Half of the histories end with a takeover.
      const end = ENDS[either(0, 1 + Math.floor(random() * 3))] as End
      await new History(number).run(end)
      ended[end]++
    }
    expect(kills).toBeGreaterThanOrEqual(histories * 2)
    const others = `${ended['older source']} older sources, ${ended.fork} forks and ${ended['hand edit']} hand edits found`
    reportProof({
      proof: 'standby under two writing processes, SIGKILL of writers and follower',
      file: 'test/failures/standby.test.ts',
      runs: `${histories} histories, ${kills} kills`,
      result: `0 cells differ by sha256, ${others}, nothing else called diverged, 0 acknowledged writes lost by ${ended.takeover} takeovers`,
    })
  }, 3_000_000)

  class History {
    readonly #source: string
    readonly #target: string
    readonly #copy: string
    readonly #logs: readonly string[]
    /** The pause between calls of the writers, in ms. In a tenth of the histories they leave other processes almost no access. */
    readonly #pause = random() < 0.1 ? 0 : 10

    constructor(number: number) {
      this.#source = join(folder, `${number}.db`)
      this.#target = join(folder, `${number}-standby.db`)
      this.#copy = join(folder, `${number}-older.db`)
      this.#logs = writers.map((_, at) => join(folder, `${number}-${at}.log`))
    }

    async run(end: End): Promise<void> {
      await writers[0]?.ask(`make ${this.#source}`)
      await Promise.all(writers.map((_, at) => this.#write(at)))
      expect(await this.#follow()).toMatchObject(FOLLOWS)
      await meanwhile()
      if (end === 'older source' || end === 'fork') {
        await past(this.#source, `VACUUM INTO '${this.#copy}'`)
        await past(this.#copy, 'PRAGMA journal_mode = WAL')
      }
      await this.#killSomebody()
      await meanwhile()
      expect(await follower.ask<Found>('verify')).toMatchObject({ equal: true, ...FOLLOWS })
      const [killed, stopped] = either([0, 1], [1, 0])
      await kill(writers[killed])
      await writers[stopped]?.ask('stop')
      if (end === 'takeover') return this.#takeOver(stopped)
      // Ensures that the copy is behind, whatever the writers did since.
      await past(this.#source, "INSERT INTO go_goscope_cache (key, value) VALUES (NULL, 'the last')")
      const { position, ...found } = await follower.ask<Found>('verify')
      expect(found).toMatchObject({ equal: true, ...FOLLOWS })
      const there = await followedContents(engine, this.#source)
      await (end === 'hand edit' ? this.#editByHand() : this.#replaceSource(end, position))
      await follower.ask('stop')
      const here = await followedContents(engine, this.#target)
      expect(sha256Of(here) === sha256Of(there)).toBe(end !== 'hand edit')
    }

    #write(at: number): Promise<unknown> | undefined {
      return writers[at]?.ask(`write ${this.#source} ${at} ${this.#logs[at]} ${this.#pause}`)
    }

    #follow(): Promise<Found> {
      return follower.ask<Found>(`follow ${this.#source} ${this.#target}`)
    }

    /** Kills the follower, sometimes twice, or a writer before or after it. */
    async #killSomebody(): Promise<void> {
      const one: Victim = either<Victim>('follower', 'writer')
      const victims: readonly Victim[] = either<Victim[]>(['follower'], either(['follower', one], [one, 'follower']))
      for (const victim of victims) {
        if (victim === 'follower') {
          await kill(follower)
          expect(await this.#follow()).toMatchObject(FOLLOWS)
        } else {
          const at = either(0, 1)
          await kill(writers[at])
          await this.#write(at)
        }
        await meanwhile()
      }
    }

    async #takeOver(stopped: number): Promise<void> {
      const take = () => follower.ask<{ last: Record<string, number>; token: number }>('take-over')
      expect(await follower.ask<Found>('verify')).toMatchObject({ equal: true, ...FOLLOWS })
      const taken = await take().catch(async (error) => {
        // Some engines keep a file open beyond its handle.
        expect(String(error)).toContain('is still open')
        await writers[stopped]?.kill()
        return take()
      })
      expect(taken.token).toBeGreaterThan(JUMP)
      for (const [at, log] of this.#logs.entries()) {
        expect(taken.last[`last-of-${at}`] ?? 0).toBeGreaterThanOrEqual(acknowledged(log))
      }
      const there = await followedContents(engine, this.#source)
      const here = await followedContents(engine, this.#target)
      for (const table of KEPT_BY_TAKEOVER) {
        expect(sha256Of({ [table]: here[table] ?? [] })).toBe(sha256Of({ [table]: there[table] ?? [] }))
      }
    }

    /** Replaces the source by the older copy, or by a fork of it that has reached the position of the standby. */
    async #replaceSource(end: 'older source' | 'fork', position: number): Promise<void> {
      if (end === 'fork') {
        await past(
          this.#copy,
          `WITH RECURSIVE rows (n) AS (SELECT max(seq) FROM go_goscope_changes UNION ALL SELECT n + 1 FROM rows WHERE n < ${position})
INSERT INTO go_goscope_cache (key, value) SELECT NULL, 'fork' FROM rows`,
          'PRAGMA wal_checkpoint(TRUNCATE)',
        )
      }
      const alive = random() < 0.5
      if (!alive) await kill(follower)
      await past(this.#source, 'PRAGMA wal_checkpoint(TRUNCATE)')
      for (const sidecar of ['-wal', '-shm']) rmSync(this.#source + sidecar, { force: true })
      renameSync(this.#copy, this.#source)
      const { state, reason } = alive ? await follower.ask<Found>('end') : await this.#follow()
      expect({ state, reason }).toEqual({
        state: 'diverged',
        reason: expect.stringMatching(end === 'fork' ? /is another one/ : /is older/),
      })
    }

    async #editByHand(): Promise<void> {
      await kill(follower)
      const [, other] = writers
      await other?.ask(`edit ${this.#target}`)
      // Some engines keep a file open beyond its handle.
      await kill(other)
      expect(await this.#follow()).toMatchObject(FOLLOWS)
      expect(await follower.ask<Found>('verify')).toMatchObject({ equal: false, state: 'diverged' })
    }
  }
})
