import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { afterAll, expect, test } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { root } from '../../scripts/workspace.mjs'
import { runtimes } from '../matrix.mjs'

const folder = mkdtempSync(join(tmpdir(), 'restricted-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const app = `
  const { SQLiteAdapter, verifyBackup } = await import('@go-go-scope/persistence-sqlite-node')
  try {
    const persistence = await SQLiteAdapter.open(process.argv[1], { locks: 'database' })
    await persistence.cache.set('key', 'kept')
    const lock = await persistence.lock.acquire('key', 1_000)
    console.log(await persistence.cache.get('key'), await lock.release(), (await persistence.verify()).faults.length)
    if (process.argv[2]) {
      const { sha256 } = await persistence.backup(process.argv[2])
      console.log(sha256 === (await verifyBackup(process.argv[2])).sha256 ? 'backed up' : 'another backup')
    }
    await persistence.disconnect()
  } catch (error) {
    console.log(error.code, error.message)
  }`

/** Returns what the app prints in a process that may read the packages and `folder` and has the permissions `more`. */
function run(name: string, ...more: string[]): Promise<string> {
  return runWith([join(folder, name)], more)
}

async function runWith(paths: readonly string[], more: readonly string[], node = process.execPath): Promise<string> {
  const rights = ['--permission', `--allow-fs-read=${root}`, `--allow-fs-read=${folder}`, ...more]
  // Without --input-type, which threads inherit and refuse.
  const program = [
    ...rights,
    '--eval',
    `(async () => {${app}
})()`,
    ...paths,
  ]
  const { exitCode, output } = await runProcess(node, program, { cwd: join(root, 'test') })
  expect(exitCode, output).toBe(0)
  return output
}

test("Node's permission model: besides the packages only the folder of the file is read and written", async () => {
  expect(await run('app.db', `--allow-fs-write=${folder}`)).toContain('kept true 0')
})

test("Node's permission model: a folder that may not be written is a typed error with the flag that is missing", async () => {
  expect(await run('other.db')).toMatch(/^CANNOT_OPEN open .*other\.db.*--allow-fs-write/m)
})

test("Node's permission model: a backup is made where threads are allowed", async () => {
  const paths = ['backed-up.db', 'copy.db'].map((name) => join(folder, name))
  const rights = [`--allow-fs-write=${folder}`, '--allow-worker']
  expect(await runWith(paths, rights)).toMatch(/^backed up$/m)
})

test("Node's permission model: a backup that Node does not allow to be flushed is a typed error, and leaves nothing", async () => {
  const paths = ['unflushed.db', 'unflushed-copy.db'].map((name) => join(folder, name))
  const rights = [`--allow-fs-write=${folder}`, '--allow-worker']
  const output = await runWith(paths, rights, runtimes.node26?.path)
  expect(output).toMatch(/^CANNOT_OPEN backup: .*permission model.*fsync/m)
  expect(readdirSync(folder).filter((name) => name.startsWith('unflushed-copy'))).toEqual([])
})

test("Node's permission model: a backup into a folder that may not be written is a typed error", async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
  const rights = [`--allow-fs-write=${folder}`, '--allow-worker']
  const output = await runWith([join(folder, 'source.db'), join(elsewhere, 'copy.db')], rights)
  rmSync(elsewhere, { recursive: true })
  expect(output).toMatch(/^CANNOT_OPEN backup: .*permission model/m)
})

test("Node's permission model: a file that scopedb may not write is a typed error", async () => {
  const path = join(folder, 'exported.db')
  await (await SQLiteAdapter.open(path)).disconnect()
  const rights = ['--permission', `--allow-fs-read=${root}`, `--allow-fs-read=${folder}`]
  const program = join(root, 'packages/cli/bin/scopedb.js')
  const args = [...rights, program, 'export', path, join(folder, 'export.jsonl')]
  const { exitCode, output } = await runProcess(process.execPath, args)
  expect(output).toMatch(/^scopedb: CANNOT_OPEN: export: .*permission model.*--allow-fs-write/m)
  expect(exitCode).toBe(3)
})
