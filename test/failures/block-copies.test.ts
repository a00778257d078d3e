import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { blockCopies, byBlocks } from '../proof/copies/by-blocks.js'
import { textOf, transactions } from '../proof/copies/written-pages.mjs'
import { collectedTests } from '../proof/planted-bugs/collected-tests.js'
import { printedSeed } from '../proof/printed-seed.js'
import { otherMember, thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const WRITER = new URL('../proof/copies/page-writer.mjs', import.meta.url)
const TABLES = [
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  'CREATE TABLE written (writer TEXT, id INTEGER, number INTEGER, text TEXT, PRIMARY KEY (writer, id))',
  'CREATE INDEX written_number ON written (number, writer)',
  'CREATE TABLE moments (writer TEXT PRIMARY KEY, number INTEGER)',
]

describe('copies by large blocks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'block-copies-'))
  const source = join(folder, 'app.db')
  const target = join(folder, 'copy.db')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function rowsOf(path: string, statements: readonly string[]): Promise<Record<string, unknown>[][]> {
    const handle = await engine.openHandle(path)
    try {
      const found = []
      for (const sql of statements) found.push(await engine.rows(handle, sql))
      return found
    } finally {
      await engine.closeHandle(handle)
    }
  }

  /** What a writer has written up to one of its transactions. */
  function replayed(writer: string, last: number): Map<number, string> {
    const texts = new Map<number, string>()
    let number = 0
    for (const writes of transactions(Number(writer))) {
      if (number++ === last) return texts
      for (const write of writes) {
        if (write.size === 0) texts.delete(write.id)
        else texts.set(write.id, textOf(number, write))
      }
    }
    throw new Error('there is always a next one')
  }

  const digest = (texts: Iterable<readonly [number, string]>) =>
    createHash('sha256')
      .update(JSON.stringify([...texts].toSorted(([a], [b]) => a - b)))
      .digest('hex')

  test('hold every page of one moment, whatever is written, checkpointed and vacuumed meanwhile', async () => {
    const seed = printedSeed('copies by blocks')
    await rowsOf(source, TABLES)
    const writers = [seed, seed + 1].map(String)
    const processes = writers.map(
      (writer, at) => new ProofProcess(at === 0 ? thisMember : otherMember, WRITER, [source, writer]),
    )
    const rounds = proofCount({ inTests: 4, inSoak: 150 })
    let compared = 0
    await using adapter = await engine.SQLiteAdapter.open(source)
    await withProcesses(processes, async () => {
      await Promise.all(processes.map((one) => one.ready()))
      for (let round = 0; round < rounds; round++) {
        await pause(Math.random() * 200)
        const acknowledged = await Promise.all(processes.map((one) => one.ask<number>('number')))
        const backup = await adapter.backup(target, { worker: byBlocks({ slow: round % 4 > 0 }) } as object)
        expect(backup.sha256).toBe(createHash('sha256').update(readFileSync(target)).digest('hex'))
        const [moments = [], rows = []] = await rowsOf(target, ['SELECT * FROM moments', 'SELECT * FROM written'])
        for (const [at, writer] of writers.entries()) {
          const last = Number(moments.find((row) => row.writer === writer)?.number ?? 0)
          expect(last).toBeGreaterThanOrEqual(acknowledged[at] as number)
          const own = rows.filter((row) => row.writer === writer)
          const found = own.map(({ id, text }) => [Number(id), String(text)] as const)
          expect(digest(found), `${writer} at ${last}`).toBe(digest(replayed(writer, last)))
          compared += own.length
        }
        for (const name of readdirSync(folder)) if (!name.startsWith('app.db')) rmSync(join(folder, name))
      }
    })
    expect(compared).toBeGreaterThan(0)
    reportProof({
      proof:
        'copies by large blocks beside writers, checkpoints and VACUUM, against a replay of every transaction in them',
      file: 'test/failures/block-copies.test.ts',
      runs: `${rounds} copies`,
      result: `0 of ${compared} rows old or missing`,
    })
  }, 300_000)

  // Who reads then does not keep a writer from beginning the log anew, over the frames that the copy has found there.
  test('that begin when all of the log is in the file are right when it is written over', async () => {
    const [path, entry] = [join(folder, 'app.db-whole'), (letter: string) => letter.repeat(100_000)]
    await using adapter = await engine.SQLiteAdapter.open(path)
    await adapter.cache.setMany(Array.from({ length: 60 }, (_, at) => [`entry-${at}`, entry('a')]))
    await rowsOf(path, ['PRAGMA wal_checkpoint(TRUNCATE)'])
    await adapter.cache.set('entry-50', entry('b'))
    await rowsOf(path, ['PRAGMA wal_checkpoint(PASSIVE)'])
    let written: Promise<unknown> | undefined
    const progress = () => {
      // By now the log has been read, and its pages are not reached yet.
      written ??= adapter.cache.setMany([40, 41, 42].map((at) => [`entry-${at}`, entry('c')]))
    }
    await adapter.backup(target, { progress, worker: byBlocks({ slow: true }) } as object)
    await written
    expect(written).toBeDefined()
    await using copy = await engine.SQLiteAdapter.open(target)
    for (let at = 0; at < 60; at++) {
      expect(await copy.cache.get(`entry-${at}`), `entry ${at}`).toBe(entry(at === 50 ? 'b' : 'a'))
    }
    await copy.disconnect()
    for (const name of readdirSync(folder)) if (!name.startsWith('app.db')) rmSync(join(folder, name))
  }, 60_000)

  test('that break off leave nothing, and say why', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-failing'))
    for (const [failure, code] of [
      ['No space left on device', 'DISK_FULL'],
      ['Input/output error', 'IO_ERROR'],
    ] as const) {
      const worker = byBlocks({ slow: true, failure })
      await expect(adapter.backup(target, { worker } as object)).rejects.toMatchObject({ code })
      expect(readdirSync(folder).filter((name) => !name.startsWith('app.db'))).toEqual([])
    }
  }, 60_000)

  test('are made by the engine where there is no dd, and small ones everywhere', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-small'))
    for (const way of [{ path: folder }, { largeBytes: 1_000_000_000 }]) {
      const jobs: string[] = []
      const made = await adapter.backup(target, {
        worker: byBlocks({ ...way, onJob: (job) => jobs.push(job) }),
      } as object)
      expect(jobs[0]).toBe('backup')
      expect(await engine.verifyBackup(target)).toEqual(made)
      for (const name of readdirSync(folder)) if (!name.startsWith('app.db')) rmSync(join(folder, name))
    }
  }, 60_000)
})

describe('the suite of backups, by blocks', () => {
  const bodies = [...collectedTests(blockCopies())].filter(
    ([name]) => name.startsWith('backups > ') && !name.endsWith('maxBytesPerSecond is kept to'),
  )
  test.each(bodies)('%s', async (_, body) => body(), 60_000)
})
