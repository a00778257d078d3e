import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { runtimes } from '../matrix.mjs'
import { compileLibrary } from '../proof/compile-library.js'
import { DiskOfNames } from '../proof/copies/disk-of-names.js'
import { type Recorded, readRecording } from '../proof/power-cut/recording.js'
import { printedSeed } from '../proof/printed-seed.js'
import { otherMember, thisMember } from '../proof/process/members.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'

proveCell()

const run = promisify(execFile)

describe('loss of power in the middle of copies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-power-cut-'))
  const random = seededRandom(printedSeed('loss of power in copies'))
  const cuts = proofCount({ inTests: 30, inSoak: 400 })
  const rounds = proofCount({ inTests: 2, inSoak: 10 })
  /** The number of remaining standbys that continue to follow. */
  const goingOn = proofCount({ inTests: 1, inSoak: 40 })
  let recorder = ''
  let backups: Promise<Recorded[]> = Promise.resolve([])

  beforeAll(async () => {
    recorder = await compileLibrary(new URL('../proof/power-cut/recorder.c', import.meta.url))
    backups = record('backup')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function record(what: 'backup' | 'restore' | 'follow'): Promise<Recorded[]> {
    const [recorded, other] = [join(folder, what), join(folder, `${what}-source`)]
    for (const place of [recorded, other]) mkdirSync(place, { recursive: true })
    const log = join(folder, `${what}.log`)
    const env = { ...process.env, LD_PRELOAD: recorder, RECORDER_FOLDER: `${recorded}/`, RECORDER_LOG: log }
    // Bun bypasses libc, so its file calls cannot be recorded. Node runs the same code, and Bun reads the result.
    const member = thisMember.runtime === 'bun' ? otherMember : thisMember
    const script = fileURLToPath(new URL('../proof/copies/copy-and-acknowledge.mjs', import.meta.url))
    const args = [script, member.module.href, recorded, other, String(rounds), what]
    await run(runtimes[member.runtime]?.path ?? '', args, { env })
    return readRecording(log)
  }

  /**
   * Cuts the power at random points, and checks what each may leave. Also after each name, when it may be the only one that is there.
   *
   * @param always more points, for a short part of the recording that random ones may all miss
   */
  async function cutPower(
    events: readonly Recorded[],
    look: (image: string, acknowledged: number) => Promise<void>,
    { last = rounds, always = [] }: { readonly last?: number; readonly always?: readonly number[] } = {},
  ): Promise<void> {
    const points = Array.from({ length: cuts }, () => Math.floor(random() * events.length))
    const named = [...events.keys()].filter((at) => ['link', 'rename'].includes(events[at]?.type ?? ''))
    const disk = new DiskOfNames()
    let applied = 0
    const cutsAt = [...points, ...always, events.length - 1].map((point) => ({ point, newest: false }))
    const all = [...cutsAt, ...named.map((point) => ({ point, newest: true }))]
    for (const { point, newest } of all.sort((a, b) => a.point - b.point)) {
      for (; applied <= point; applied++) disk.apply(events[applied] as Recorded)
      const image = mkdtempSync(join(folder, 'image-'))
      disk.leave(image, random, newest)
      await look(image, disk.acknowledged)
      rmSync(image, { recursive: true })
    }
    expect(disk.acknowledged).toBe(last)
  }

  function expectAsInManifest(path: string): void {
    const { sha256 } = JSON.parse(readFileSync(`${path}.json`, 'utf8'))
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256)
  }

  async function entriesOf(path: string): Promise<number> {
    const handle = await engine.openHandle(path)
    try {
      const [check] = await engine.rows(handle, 'PRAGMA integrity_check')
      expect(Object.values(check ?? {})).toEqual(['ok'])
      const [row] = await engine.rows(handle, 'SELECT count(*) AS entries FROM go_goscope_cache')
      return Number(row?.entries)
    } finally {
      await engine.closeHandle(handle)
    }
  }

  async function tablesOf(path: string): Promise<string[]> {
    const handle = await engine.openHandle(path)
    try {
      return (await engine.rows(handle, 'SELECT name FROM sqlite_master')).map(({ name }) => String(name))
    } finally {
      await engine.closeHandle(handle)
    }
  }

  /** Checks that the tokens of a standby that took over continue far above those of its source. */
  async function expectNewNumbers(path: string): Promise<void> {
    const adapter = await engine.SQLiteAdapter.open(path, { locks: 'database' })
    expect((await adapter.lock.acquire('job', 1_000))?.token).toBeGreaterThan(2 ** 32)
    await adapter.disconnect()
  }

  test('a named backup is complete, with its manifest, at every cut', async () => {
    let found = 0
    await cutPower(await backups, async (image, acknowledged) => {
      const names = readdirSync(image).filter((name) => /^\d+\.db$/.test(name))
      expect(names.length).toBeGreaterThanOrEqual(acknowledged)
      for (const name of names) {
        expectAsInManifest(join(image, name))
        expect(await entriesOf(join(image, name))).toBe(Number.parseInt(name, 10))
        found++
      }
    })
    reportProof({
      proof: 'loss of power in the middle of backups, simulated',
      file: 'test/failures/copies-power-cut.test.ts',
      runs: `${cuts} cuts`,
      result: `${found} backups under their names, all whole, none missing that was acknowledged`,
    })
  }, 600_000)

  test('a backup that gets its name before it is flushed is detected (control)', async () => {
    // Without the flushes, some cut must leave a damaged backup.
    const early = (await backups).filter(({ type }) => type !== 'flush')
    const damaged = cutPower(early, async (image) => {
      for (const name of readdirSync(image).filter((one) => /^\d+\.db$/.test(one)))
        expectAsInManifest(join(image, name))
    })
    await expect(damaged).rejects.toThrow()
  }, 300_000)

  test('the old or the new file exists, at every cut, and neither is damaged', async () => {
    await cutPower(await record('restore'), async (image, acknowledged) => {
      const target = join(image, 'target.db')
      if (acknowledged > 0) expect(existsSync(target)).toBe(true)
      if (!existsSync(target)) return
      const restored = await entriesOf(target)
      expect(restored).toBeGreaterThanOrEqual(Math.max(1, acknowledged))
      expect(restored).toBeLessThanOrEqual(acknowledged + 1)
      const kept = readdirSync(image).filter((name) => /^target\.db\.before-[^-]*$/.test(name))
      const entries = await Promise.all(kept.map((name) => entriesOf(join(image, name))))
      // Each replaced file is kept before the next one gets its name.
      const before = Array.from({ length: restored - 1 }, (_, at) => at + 1)
      expect(entries.toSorted((a, b) => a - b)).toEqual(expect.arrayContaining(before))
    })
    reportProof({
      proof: 'loss of power in the middle of restores, simulated',
      file: 'test/failures/copies-power-cut.test.ts',
      runs: `${cuts} cuts`,
      result: 'the old file or the new one, whole; every old one kept',
    })
  }, 600_000)

  test('a standby has every awaited round, at every cut, and continues from there; a takeover persists', async () => {
    const [takenOver, written] = [rounds + 1, rounds + 2]
    const source = join(folder, 'follow-source', 'follow.db')
    mkdirSync(dirname(source))
    await (await engine.SQLiteAdapter.open(source)).disconnect()
    const objects = await tablesOf(source)
    // Keeps the change log beyond the takeover, so that a standby continues from its position.
    const other = await engine.Standby.follow(source as never, { target: ':memory:', every: 60_000 })
    const events = await record('follow')
    let [standbys, followed] = [0, 0]
    const look = async (image: string, acknowledged: number) => {
      const file = join(image, 'standby.db')
      // Checks a copy: some engines keep a checked file open, but only its follower may have a standby open.
      const looked = join(image, 'looked-at', 'standby.db')
      for (const name of readdirSync(image)) cpSync(join(image, name), join(dirname(looked), name))
      const names = existsSync(looked) ? await tablesOf(looked) : []
      const isStandby = names.includes('go_goscope_standby')
      if (acknowledged >= takenOver) expect([names.length > 0, isStandby]).toEqual([true, false])
      if (names.length === 0) return expect(acknowledged, 'the first copy is gone').toBe(0)
      const entries = await entriesOf(looked)
      expect(entries).toBeLessThanOrEqual(rounds + 1)
      expect(entries).toBeGreaterThanOrEqual(Math.min(rounds, acknowledged))
      if (!isStandby) {
        expect(entries).toBeGreaterThanOrEqual(acknowledged >= written ? rounds + 1 : rounds)
        expect(names.toSorted(), 'the objects of a database').toEqual(objects.toSorted())
        return expectNewNumbers(looked)
      }
      standbys++
      if (followed++ >= goingOn) return
      const standby = await engine.Standby.follow(source as never, { target: file, every: 60_000 })
      expect(standby.reason, 'it was copied anew').toBeUndefined()
      expect((await standby.verify()).equal).toBe(true)
      await standby.stop()
    }
    const done = events.findIndex((event) => event.type === 'acknowledge' && event.last === takenOver)
    const begun = events.findIndex((event) => event.type === 'acknowledge' && event.last === rounds)
    const always = Array.from({ length: done - begun }, (_, at) => begun + at)
    await cutPower(events, look, { last: written, always })
    await other.stop()
    expect(standbys).toBeGreaterThan(0)
    reportProof({
      proof: 'loss of power of a standby, simulated',
      file: 'test/failures/copies-power-cut.test.ts',
      runs: `${cuts} cuts, ${Math.min(followed, goingOn)} followed on`,
      result: 'each at one of its rounds, none lost that was waited for; no takeover undone',
    })
  }, 600_000)
})
