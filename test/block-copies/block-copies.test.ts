import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { describe, expect, test, vi } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { backupsByBlocks } from '../proof/copies/backups-by-blocks.js'
import { byBlocks, SLOW_DD, THREAD } from '../proof/copies/by-blocks.js'
import { copyFolder } from '../proof/copies/copy-folder.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'

proveCell()

// How a runtime starts dd, receives its output and ends it. Our own code is tested in test/block-copy-code.
describe('copies by large blocks', () => {
  const { folder, target, clear } = copyFolder()

  test('that fail leave nothing, and say why', async () => {
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

  test('that are aborted before dd has read the WAL index end dd', async () => {
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

  test('end with the app: a dd whose app was killed stops copying', async () => {
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

  test('are made by the engine if dd is missing or no program may be started, and if they are small', async () => {
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

/** Waits until a dd has written its process id to `starts`, runs `body`, and ensures that dd ends. */
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

describe('the suite of backups, by blocks', () => {
  test.each(backupsByBlocks('runtime'))('%s', async (_, body) => body(), 60_000)
})
