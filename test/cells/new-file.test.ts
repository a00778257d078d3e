import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { createFile } from '../../packages/shared/src/dialects/sqlite/file/create-file.js'
import { keepsLock } from '../proof/one-library/keeps-lock.js'
import { Thread } from '../proof/one-library/threads.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

const ROUNDS = proofCount({ inTests: 3, inSoak: 20 })

const noLinks = (): Promise<never> => Promise.reject(Object.assign(new Error('no hard links here'), { code: 'EPERM' }))

describe('a file that is created while others in the process open it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'new-file-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let files = 0
  const newPath = (): string => join(folder, `file-${++files}`)

  /** Opens a separate handle of the app as soon as the file exists. */
  async function handleAsSoonAsThere(path: string): Promise<object> {
    while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve))
    const handle = await engine.openHandle(path)
    await engine.rows(handle, 'PRAGMA busy_timeout = 5000')
    await engine.rows(handle, 'PRAGMA journal_mode = WAL')
    await engine.rows(handle, 'CREATE TABLE IF NOT EXISTS own (x)')
    return handle
  }

  test('a handle of the app keeps its locks', async () => {
    const script = new URL('../proof/one-library/early-handle.mjs', import.meta.url)
    const one = new ProofProcess(thisMember, script)
    await withProcesses([one], async () => {
      await one.next()
      for (let round = 0; round < ROUNDS; round++) {
        const path = newPath()
        await one.ask(`race ${path}`)
        expect(await keepsLock(path, true)).toBe(true)
        await one.ask('close')
      }
    })
  }, 600_000)

  test('a handle of the app keeps its locks also on a file system without hard links', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const path = newPath()
      const creating = createFile(path, 0o640, noLinks)
      const handle = await handleAsSoonAsThere(path)
      expect(await creating).toBe(true)
      expect(await keepsLock(path)).toBe(true)
      await engine.closeHandle(handle)
    }
  }, 600_000)

  test('threads that open it at once keep their locks', async () => {
    const threads = await Promise.all(Array.from({ length: 2 }, () => Thread.start(engine)))
    for (let round = 0; round < ROUNDS; round++) {
      const path = newPath()
      const answers = await Promise.all(threads.map((thread) => thread.open(path)))
      expect(answers).toEqual(['done', 'done'])
      expect(await keepsLock(path)).toBe(true)
    }
    await Promise.all(threads.map((thread) => thread.end()))
  }, 600_000)

  test.each([
    ['a hard link', undefined],
    ['another process', noLinks],
  ])('%s creates it once, with the requested mode, and leaves no other file', async (_, link) => {
    const place = mkdtempSync(join(folder, 'place-'))
    const path = join(place, "it's a $(name)")
    const made = await Promise.all(Array.from({ length: 5 }, () => createFile(path, 0o640, link)))
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(statSync(path).mode & 0o777).toBe(0o640 & ~process.umask())
    expect(readdirSync(place)).toEqual(["it's a $(name)"])
    const elsewhere = join(place, 'missing', 'app.db')
    await expect(createFile(elsewhere, 0o640, link)).rejects.toMatchObject({
      code: 'CANNOT_OPEN',
      message: expect.not.stringContaining('.go-goscope-'),
    })
    // A relative path is shown with the folder that it led to.
    await expect(createFile(relative(process.cwd(), elsewhere), 0o640, link)).rejects.toThrow(
      `check that its folder ${dirname(elsewhere)} exists`,
    )
    await expect(createFile(`${join(place, 'data')}/`, 0o640, link)).rejects.toThrow(
      /name a file, not a folder \((?!Command)/,
    )
  })
})
