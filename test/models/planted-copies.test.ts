import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { collectedTests } from '../proof/planted-bugs/collected-tests.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

const THREAD = new URL('../proof/copies/broken-thread.mjs', import.meta.url)
const COPIER = new URL('../proof/copies/copier.mjs', import.meta.url)

/** Returns the options of a call whose thread has the planted bug `bug`. */
function within(bug: string): object {
  return { worker: (options: object) => new Worker(THREAD, { ...options, env: { ...process.env, BUG: bug } }) }
}

function brokenCopies(bug: string): EngineUnderTest {
  class BrokenAdapter extends engine.SQLiteAdapter {
    static override async open(...args: Parameters<EngineUnderTest['SQLiteAdapter']['open']>) {
      const adapter = await engine.SQLiteAdapter.open(...args)
      const { backup } = adapter
      adapter.backup = (path, options) => backup.call(adapter, path, { ...options, ...within(bug) })
      return adapter
    }
  }
  const restore: EngineUnderTest['restore'] = (from, to, options) =>
    engine.restore(from, to, { ...options, ...within(bug) })
  return { ...engine, SQLiteAdapter: BrokenAdapter, restore }
}

const BUGS: readonly (readonly [bug: string, found: string, by: RegExp])[] = [
  ['none', 'backups > a backup holds what was committed, is private, and says what it is', /^$/],
  [
    'none, and the engine has no backup of its own',
    'backups > a file that was opened through a symbolic link is the file that is copied',
    /^$/,
  ],
  ['a copy is cut short', 'backups > a backup holds what was committed, is private, and says what it is', /has pages/],
  [
    'a page of the copy is damaged',
    'backups > a backup holds what was committed, is private, and says what it is',
    /integrity_check says/,
  ],
  [
    'an index of the copy is missing',
    'backups > a backup holds what was committed, is private, and says what it is',
    /its source has schema \w+, and it has \w+/,
  ],
  [
    'the source is verified in the place of the copy',
    'backups > a backup holds what was committed, is private, and says what it is',
    /./,
  ],
  [
    'the snapshot is not held',
    'backups > a backup never restarts, however much is written, and is the database at one moment',
    /started anew|has pages/,
  ],
  [
    'the counters do not jump',
    'restores > tokens and generations continue above all that were granted, so that fencing still works',
    / after /,
  ],
]

describe('bugs that are planted in copies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'planted-copies-'))
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
    reportProof({
      proof: 'bugs planted in backups and restores, for the tests to find (control)',
      file: 'test/models/planted-copies.test.ts',
      runs: `${BUGS.length} bugs`,
      result: `${BUGS.length} found`,
    })
  })

  test.each(BUGS)(
    '%s',
    async (bug, found, by) => {
      const body = collectedTests(brokenCopies(bug)).get(found)
      if (body === undefined) throw new Error(`no test ${found}`)
      const message = await body().then(
        () => '',
        (error: Error) => error.message,
      )
      expect(message).toMatch(by)
    },
    60_000,
  )

  test('only an exclusive lock tells whether the file is in use', async () => {
    const [backup, target] = [join(folder, 'backup.db'), join(folder, 'app.db')]
    const adapter = await engine.SQLiteAdapter.open(target)
    await adapter.backup(backup)
    await adapter.disconnect()
    const holder = new ProofProcess(thisMember, COPIER, [folder])
    await withProcesses([holder], async () => {
      await holder.ready()
      await holder.ask('open app.db')
      await holder.ask('read')
      await expect(engine.restore(backup, target)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
      // With the bug, the file is replaced, and the holder continues to use the old one.
      const options = within('only an exclusive lock tells whether the file is in use')
      await expect(
        engine.restore(backup, target, options).then(
          () => 'replaced',
          ({ code }) => code,
        ),
      ).resolves.not.toBe('FILE_IN_USE')
    })
  }, 60_000)
})
