import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { delimiter, join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { copyJob } from '../../packages/shared/src/dialects/sqlite/copies/copy-job.js'
import { fileIdentity } from '../../packages/shared/src/dialects/sqlite/file/file-identity.js'
import type { JobContext } from '../../packages/shared/src/dialects/sqlite/thread/run-job.js'
import { StopFlag } from '../../packages/shared/src/dialects/sqlite/thread/stop-flag.js'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const { PATH } = process.env
let folder: string
let source: string
beforeEach(() => {
  folder = temporaryFolder('copy-job')
  source = join(folder, 'app.db')
  const database = new DatabaseSync(source)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE mine (x)')
  database.close()
})
afterEach(() => {
  process.env.PATH = PATH
})

/** Makes `work` the program that copies the file. The index of its log is read as ever. */
function useDd(work: string): void {
  const program = join(folder, 'dd')
  writeFileSync(program, `#!/bin/sh\nPATH=/usr/bin:/bin\ncase "$*" in *-shm*) exec dd "$@" ;; esac\n${work}\n`)
  chmodSync(program, 0o700)
  process.env.PATH = `${folder}${delimiter}${PATH}`
}

/** Copies by blocks, on an engine without a backup of its own. @param opening Called before a file is opened. */
async function copied(opening: (path: string) => void = () => undefined) {
  const target = join(folder, 'copy')
  writeFileSync(target, '')
  const limits = { maxBytesPerSecond: undefined, maxWalBytes: undefined, largeBytes: 0 }
  const order = { source, identity: await fileIdentity(source), immutable: false, target, rate: 1, ...limits }
  const engine = {
    name: 'an engine of the tests',
    library: 'tests',
    async open(path: string) {
      opening(path)
      return new DatabaseSync(path)
    },
    driver: (database: InstanceType<typeof DatabaseSync>) => databaseSyncDriver(database, () => undefined),
  }
  const told: unknown[] = []
  const tell = (event: unknown): void => void told.push(event)
  const context = { engine, stop: new StopFlag(), tell, listen: () => undefined } as unknown as JobContext
  return { ...(await copyJob(order, context)), told, content: readFileSync(target) }
}

test('what dd has copied in vain is not part of the copy of the engine or of its progress', async () => {
  // No header of a database.
  useDd(`for one; do case $one in of=*) head -c 65536 /dev/zero >"\${one#of=}" ;; esac; done`)
  const { told, content, pages } = await copied()
  expect(content.length).toBe(pages * 4096)
  const progress = [pages, 0].map((remainingPages) => ({ totalPages: pages, remainingPages }))
  // Another thread hashes a large copy once it is whole.
  expect(told).toEqual([...progress, { hash: { path: join(folder, 'copy') } }])
})

test('a file that is replaced is named as the cause when its copy fails', async () => {
  const replaced = { code: 'FILE_REPLACED', operation: 'backup' }
  useDd(`mv '${source}' '${source}.moved'; echo 'dd: failed to open' >&2; exit 1`)
  await expect(copied()).rejects.toMatchObject(replaced)
  renameSync(`${source}.moved`, source)
  const replace = (path: string): void => {
    if (path !== source) return
    renameSync(source, `${source}.moved`)
    throw new Error('unable to open database file')
  }
  await expect(copied(replace)).rejects.toMatchObject(replaced)
})

// A copy by blocks would fill the disk, which others may need, before it failed.
test('a copy by blocks for which there is no room is refused before dd writes anything', async () => {
  const statfs = vi.spyOn(files, 'statfs').mockResolvedValue({ blocks: 1, bavail: 1, bsize: 4096 } as never)
  syncBuiltinESMExports()
  try {
    const needs = expect.stringMatching(/needs 8192 bytes .* has 4096 free/)
    await expect(copied()).rejects.toMatchObject({ code: 'DISK_FULL', operation: 'backup', message: needs })
    expect(readFileSync(join(folder, 'copy'), 'utf8')).toBe('')
  } finally {
    statfs.mockRestore()
    syncBuiltinESMExports()
  }
})
