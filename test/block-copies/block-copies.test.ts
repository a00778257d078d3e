import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { blockCopies, byBlocks, SLOW_DD, THREAD } from '../proof/copies/by-blocks.js'
import { compareCopies, rowsOf } from '../proof/copies/compare-copies.js'
import { copyFolder } from '../proof/copies/copy-folder.js'
import { collectedTests } from '../proof/planted-bugs/collected-tests.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'

proveCell()

describe('copies by large blocks', () => {
  const { folder, target, clear } = copyFolder()

  test('are found to be wrong where contents of the log are left out (control)', async () => {
    const worker = () => byBlocks({ slow: true, hindrance: 'contents left out' })
    const compared = () => compareCopies({ folder, kind: 'contents', copies: 10, worker })
    let found = 'nothing'
    // integrity_check stops a copy in which the rows of the beginning are left out, too. The others pass it.
    for (let tries = 0; tries < 10 && !found.startsWith('rows of writer'); tries++) {
      found = await compared().then(
        () => 'nothing',
        (error: Error) => error.message,
      )
    }
    expect(found).toMatch(/^rows of writer \d+ at/)
  }, 60_000)

  test('flush each block before the next one from the first commit of others on, where dd knows how', async () => {
    const [path, entry] = [join(folder, 'app.db-yielding'), (letter: string) => letter.repeat(100_000)]
    await using adapter = await engine.SQLiteAdapter.open(path)
    await adapter.cache.setMany(Array.from({ length: 80 }, (_, at) => [`entry-${at}`, entry('a')]))
    await rowsOf(path, ['PRAGMA wal_checkpoint(TRUNCATE)'])
    const starts = join(folder, 'starts')
    for (const { commits, dd, written } of [
      { commits: 0, dd: undefined, written: [/^0$/] },
      { commits: 3, dd: undefined, written: [/^0$/, /^[1-9] seek_bytes,dsync$/] },
      { commits: 3, dd: 'knows no flags', written: [/^0$/, /^[1-9]$/] },
      // It has not told how far it is, and so it is not known to be one that can flush.
      { commits: 3, dd: 'knows no status', written: [/^0$/] },
    ] as const) {
      const calls: Promise<unknown>[] = []
      const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }) => {
        if (remainingPages < totalPages && calls.length < commits) calls.push(adapter.cache.set('entry-59', entry('b')))
      }
      const made = await adapter.backup(target, {
        progress,
        worker: byBlocks({ slow: true, ...(dd && { dd }), starts }),
      } as object)
      await Promise.all(calls)
      expect(calls).toHaveLength(commits)
      const lines = readFileSync(starts, 'utf8').trimEnd().split('\n')
      expect(lines).toEqual(written.map((line) => expect.stringMatching(line)))
      expect(await engine.verifyBackup(target)).toEqual(made)
      clear()
    }
  }, 60_000)

  // The pages of the log, written over the place of a block, would be lost under its content.
  test.each([0, 1])(
    'have the pages of the log over a block that has its place before its content (commits: %i)',
    async (commits) => {
      const [path, entry] = [join(folder, `app.db-placed-${commits}`), (letter: string) => letter.repeat(100_000)]
      await using adapter = await engine.SQLiteAdapter.open(path)
      await adapter.cache.setMany(Array.from({ length: 80 }, (_, at) => [`entry-${at}`, entry('a')]))
      await rowsOf(path, ['PRAGMA wal_checkpoint(TRUNCATE)'])
      const inLog = Array.from({ length: 26 }, (_, at) => 3 * at + 1)
      await adapter.cache.setMany(inLog.map((at) => [`entry-${at}`, entry('b')]))
      const calls: Promise<unknown>[] = []
      const progress = () => {
        if (calls.length < commits) calls.push(adapter.cache.set('entry-0', entry('c')))
      }
      const worker = byBlocks({ slow: true, flushedBytes: 2 * 1024 * 1024 })
      await adapter.backup(target, { progress, worker } as object)
      await Promise.all(calls)
      expect(calls).toHaveLength(commits)
      const [rows = []] = await rowsOf(target, ['SELECT key, substr(value, 2, 1) AS letter FROM go_goscope_cache'])
      const old = rows.filter(
        ({ key, letter }) => inLog.some((at) => String(key).endsWith(`entry-${at}`)) && letter !== 'b',
      )
      expect(rows).toHaveLength(80)
      expect(old).toEqual([])
      clear()
    },
  )

  test('that break off leave nothing, and say why', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-failing'))
    for (const [dd, code, message] of [
      ['says No space left on device', 'DISK_FULL', 'free some space'],
      ['says Input/output error', 'IO_ERROR', 'check the disk'],
      ["says error writing '/quota/no space left on device': Input/output error", 'IO_ERROR', 'check the disk'],
      ['says Disk quota exceeded', 'DISK_FULL', 'free some space'],
      ['is ended', 'IO_ERROR', 'SIGTERM ended it'],
      ['ends early', 'IO_ERROR', 'copied 0 of'],
    ] as const) {
      const made = adapter.backup(target, { worker: byBlocks({ dd }) } as object)
      await expect(made).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
      expect(readdirSync(folder).filter((name) => !name.startsWith('app.db'))).toEqual([])
    }
  }, 60_000)

  test('that are aborted while dd has yet to read the index of the log end it', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-aborted'))
    const [starts, end, reason] = [join(folder, 'starts'), new AbortController(), new Error('enough')]
    const worker = byBlocks({ dd: 'never reads', starts })
    const made = adapter.backup(target, { worker, signal: end.signal } as object)
    await withDd(starts, async (isOver) => {
      end.abort(reason)
      await expect(made).rejects.toBe(reason)
      await vi.waitUntil(isOver, 10_000)
    })
  }, 60_000)

  test('end with the app: a dd whose app was killed copies no further', async () => {
    const starts = join(folder, 'starts')
    const env = { PATH: `${SLOW_DD}${delimiter}${process.env.PATH}`, DD: 'never ends', DD_STARTS: starts }
    const script = new URL('../proof/copies/back-up-by-blocks.mjs', import.meta.url)
    const app = new ProofProcess(thisMember, script, [THREAD.href, join(folder, 'app.db-killed'), target], env)
    await withProcesses([app], () =>
      withDd(starts, async (isOver) => {
        app.signal('SIGKILL')
        await app.ended
        await vi.waitUntil(isOver, 10_000)
      }),
    )
  }, 60_000)

  // SQLite leaves out an index that it may not write and that nobody else has open: it may be older than the log.
  test('are made by the engine where the index of the log may not be written', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-of-another'))
    const worker = byBlocks({ dd: 'says that it was asked to copy', hindrance: 'no right to write' })
    const made = await adapter.backup(target, { worker } as object)
    expect(await engine.verifyBackup(target)).toEqual(made)
  }, 60_000)

  test('are made on a disk that does not tell how large it is', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-unmeasured'))
    for (const largeBytes of [0, 1_000_000_000]) {
      const made = await adapter.backup(target, { worker: byBlocks({ hindrance: 'no sizes', largeBytes }) } as object)
      expect(await engine.verifyBackup(target)).toEqual(made)
      clear()
    }
  }, 60_000)

  test('are made by the engine where there is no dd or no program may be started, and small ones everywhere', async () => {
    await using adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db-small'))
    for (const way of [{ path: folder }, { hindrance: 'no programs' }, { largeBytes: 1_000_000_000 }] as const) {
      const jobs: string[] = []
      const made = await adapter.backup(target, {
        worker: byBlocks({ ...way, onJob: (job) => jobs.push(job) }),
      } as object)
      expect(jobs[0]).toBe('backup')
      expect(await engine.verifyBackup(target)).toEqual(made)
      clear()
    }
  }, 60_000)
})

/** Waits for a dd that tells its process in `starts`, and sees to it that it ends. */
async function withDd(starts: string, body: (isOver: () => boolean) => Promise<void>): Promise<void> {
  const told = () => existsSync(starts) && readFileSync(starts, 'utf8').endsWith('\n')
  await vi.waitUntil(told, 10_000)
  const dd = Number(readFileSync(starts, 'utf8'))
  const isOver = (): boolean => {
    try {
      process.kill(dd, 0)
      return false
    } catch {
      return true
    }
  }
  try {
    await body(isOver)
  } finally {
    if (!isOver()) process.kill(dd, 'SIGKILL')
  }
}

/** What is copied in another way also then. */
const NOT_BY_BLOCKS = ['backups > maxBytesPerSecond is kept to', 'backups > a database in memory is copied too']

describe('the suite of backups, by blocks', () => {
  const bodies = [...collectedTests(blockCopies())].filter(
    ([name]) => name.startsWith('backups > ') && !NOT_BY_BLOCKS.includes(name),
  )
  test.each(bodies)('%s', async (_, body) => body(), 60_000)
})
