import { copyFileSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { keepsLock } from '../proof/one-library/keeps-lock.js'
import { secondEngine } from '../proof/one-library/second-engine.js'
import { Thread } from '../proof/one-library/threads.js'
import { untilFree } from '../proof/one-library/until-free.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { reportProof } from '../proof/report-proof.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

describe('one SQLite library per file in a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'one-library-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Returns other names of the file at `path`. */
  const names: Readonly<Record<string, (path: string) => string>> = {
    'the same path': (path) => path,
    'a relative path': (path) => relative(process.cwd(), path),
    'a hard link': (path) => {
      linkSync(path, `${path}-hard`)
      return `${path}-hard`
    },
    'a symbolic link': (path) => {
      symlinkSync(path, `${path}-symbolic`)
      return `${path}-symbolic`
    },
    'a linked folder': (path) => {
      symlinkSync(folder, `${path}-folder`)
      return join(`${path}-folder`, path.slice(folder.length + 1))
    },
  }
  let files = 0

  for (const [title, nameOf] of Object.entries(names)) {
    test(`a second library is refused by ${title}, and the first loses nothing`, async () => {
      const path = join(folder, `file-${++files}`)
      const first = await engine.SQLiteAdapter.open(path)
      const name = nameOf(path)
      const refused = {
        code: 'SECOND_LIBRARY',
        _tag: 'PersistenceError',
        message: expect.stringMatching(
          `already open in this process through ${engine.name}, and ${secondEngine.name} is another copy.*writes can be lost`,
        ),
      }
      await expect(secondEngine.SQLiteAdapter.open(name)).rejects.toMatchObject(refused)
      await first.cache.set('k', 1)
      await first.disconnect()
      await untilFree(path)
      const second = await secondEngine.SQLiteAdapter.open(name)
      expect(await second.cache.get('k')).toBe(1)
      await second.disconnect()
    })

    // SQLite names the WAL after the path, so a hard link would lead to a second WAL for the same file.
    if (title === 'a hard link') continue
    test(`the same library may open the file again by ${title}`, async () => {
      const path = join(folder, `file-${++files}`)
      const first = await engine.SQLiteAdapter.open(path)
      const second = await engine.SQLiteAdapter.open(nameOf(path))
      await first.cache.set('k', 1)
      expect(await second.cache.get('k')).toBe(1)
      await first.disconnect()
      await second.cache.set('k', 2)
      await expect(secondEngine.SQLiteAdapter.open(path)).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
      await second.disconnect()
    })
  }

  test('an adapter on a handle of a second library is refused too', async () => {
    const path = join(folder, `file-${++files}`)
    const first = await engine.SQLiteAdapter.open(path)
    const handle = await secondEngine.openHandle(path)
    const second = new secondEngine.SQLiteAdapter(handle as never)
    await expect(second.connect()).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
    await first.disconnect()
    await untilFree(path, 1)
    await second.connect()
    await second.disconnect()
  })

  test('a handle that was left open keeps a second library out until the app closes it', async () => {
    const path = join(folder, `file-${++files}`)
    const handle = await engine.openHandle(path)
    // Twice, because the second write replaces the first.
    for (const value of [1, 2]) {
      const adapter = new engine.SQLiteAdapter(handle as never, { closeOnDisconnect: false })
      await adapter.cache.set('k', value)
      await adapter.disconnect()
      await expect(secondEngine.SQLiteAdapter.open(path)).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
    }
    const again = await engine.SQLiteAdapter.open(path)
    await again.disconnect()
    await expect(secondEngine.SQLiteAdapter.open(path)).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
    expect((await engine.rows(handle, 'SELECT value FROM go_goscope_cache'))[0]?.value).toBe('2')
    await engine.closeHandle(handle)
    await untilFree(path)
    const second = await secondEngine.SQLiteAdapter.open(path)
    expect(await second.cache.get('k')).toBe(2)
    await second.disconnect()
  })

  test('of two libraries that open a new file at once, one is refused', async () => {
    const path = join(folder, `file-${++files}`)
    const opened = await Promise.allSettled([engine.SQLiteAdapter.open(path), secondEngine.SQLiteAdapter.open(path)])
    const codes = opened.map((result) => (result.status === 'rejected' ? result.reason.code : 'open'))
    expect(codes.toSorted()).toEqual(['SECOND_LIBRARY', 'open'])
    for (const result of opened) if (result.status === 'fulfilled') await result.value.disconnect()
  })

  const LOOK_MS = 1_000
  interface Told {
    type: string
    problem?: string
  }

  /** Makes an adapter, with the problems that it reports; its clock is moved by hand. */
  async function listening(path: string) {
    const clock = new ManualClock()
    const problems: string[] = []
    const onDiagnostic = (event: object): void => {
      const { type, problem = '' } = event as Told
      if (type === 'unsafe-environment') problems.push(problem)
    }
    const adapter = await engine.SQLiteAdapter.open(path, { clock, onDiagnostic })
    const look = async (): Promise<void> => {
      clock.advance(LOOK_MS)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return { adapter, problems, look }
  }

  /** Lets the adapter check until it has reported `count` problems. */
  async function untilTold({ problems, look }: Awaited<ReturnType<typeof listening>>, count: number): Promise<void> {
    for (let looks = 0; looks < 500 && problems.length < count; looks++) await look()
    expect(problems).toHaveLength(count)
  }

  async function useInWalMode(path: string): Promise<object> {
    const handle = await secondEngine.openHandle(path)
    await secondEngine.rows(handle, 'PRAGMA journal_mode = WAL')
    await secondEngine.rows(handle, 'CREATE TABLE IF NOT EXISTS own (x)')
    return handle
  }

  test('open detects a handle of the app on another library, and drops none of its locks', async () => {
    const path = join(folder, `file-${++files}`)
    const handle = await useInWalMode(path)
    for (let tries = 0; tries < 3; tries++) {
      await expect(engine.SQLiteAdapter.open(path)).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
      expect(await keepsLock(path)).toBe(true)
    }
    await secondEngine.closeHandle(handle)
  })

  test('open detects an adapter of another library in another thread', async () => {
    const path = join(folder, `file-${++files}`)
    const thread = await Thread.start(secondEngine)
    expect(await thread.open(path)).toBe('done')
    await expect(engine.SQLiteAdapter.open(path)).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
    await thread.end()
  })

  test('a standby through another library is refused, and the open file keeps its locks', async () => {
    const path = join(folder, `file-${++files}`)
    const first = await engine.SQLiteAdapter.open(path)
    await first.cache.set('k', 1)
    const standby = secondEngine.Standby.follow(path as never, { target: ':memory:' })
    await expect(standby).rejects.toMatchObject({ code: 'SECOND_LIBRARY' })
    expect(await keepsLock(path)).toBe(true)
    await first.cache.set('k', 2)
    await first.disconnect()
  })

  test('a standby whose source is replaced by a file of another library ends without dropping its locks', async () => {
    const path = join(folder, `file-${++files}`)
    const target = join(folder, `file-${++files}`)
    for (const made of [path, `${path}-new`]) await (await engine.SQLiteAdapter.open(made)).disconnect()
    await untilFree(`${path}-new`)
    // It polls only when it is asked to.
    const standby = await engine.Standby.follow(path as never, { target, every: 3_600_000 })
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    renameSync(`${path}-new`, path)
    const other = await secondEngine.SQLiteAdapter.open(path)
    await other.cache.set('k', 1)
    await expect(standby.waitFor()).rejects.toThrow('already open in this process')
    await standby.stop()
    expect(await keepsLock(path)).toBe(true)
    await other.cache.set('k', 2)
    await other.disconnect()
  })

  test('a handle of the app that is opened later on another library is reported once', async () => {
    const path = join(folder, `file-${++files}`)
    const first = await listening(path)
    const handle = await useInWalMode(path)
    await untilTold(first, 1)
    expect(first.problems[0]).toContain('another copy of the SQLite library')
    for (let looks = 0; looks < 5; looks++) await first.look()
    expect(first.problems).toHaveLength(1)
    await first.adapter.disconnect()
    await secondEngine.closeHandle(handle)
  })

  test.each([
    ['at once', 0],
    ['later', 5],
  ])('the loss of the file’s locks, such as by copying it, is reported once: %s', async (_, looksBefore) => {
    const path = join(folder, `file-${++files}`)
    const first = await listening(path)
    for (let looks = 0; looks < looksBefore; looks++) await first.look()
    copyFileSync(path, `${path}.copy`)
    await untilTold(first, 1)
    expect(first.problems[0]).toContain('dropped the locks')
    for (let looks = 0; looks < 5; looks++) await first.look()
    expect(first.problems).toHaveLength(1)
    await first.adapter.disconnect()
  })

  test('handles and threads of one library are never reported', async () => {
    const path = join(folder, `file-${++files}`)
    const first = await listening(path)
    const thread = await Thread.start(engine)
    expect(await thread.open(path)).toBe('done')
    for (let round = 0; round < 5; round++) {
      const handle = await engine.openHandle(path)
      await engine.rows(handle, 'SELECT * FROM sqlite_master')
      const second = await engine.SQLiteAdapter.open(path)
      await second.cache.set('k', round)
      await first.look()
      await engine.closeHandle(handle)
      await second.disconnect()
      await first.look()
    }
    await thread.end()
    for (let looks = 0; looks < 5; looks++) await first.look()
    expect(first.problems).toEqual([])
    await first.adapter.disconnect()
  })

  test('different files may use different libraries, and :memory: may use any', async () => {
    const one = await engine.SQLiteAdapter.open(join(folder, `file-${++files}`))
    const two = await secondEngine.SQLiteAdapter.open(join(folder, `file-${++files}`))
    const three = await engine.SQLiteAdapter.open(':memory:')
    const four = await secondEngine.SQLiteAdapter.open(':memory:')
    await Promise.all([one, two, three, four].map((adapter) => adapter.disconnect()))
  })

  test('our code never opens the database or its sidecars through node:fs while it is open', async () => {
    const place = join(folder, 'spied')
    mkdirSync(place)
    const script = new URL('../proof/one-library/spy-on-fs.mjs', import.meta.url)
    const spy = new ProofProcess(thisMember, script, [join(place, 'app.db')])
    await withProcesses([spy], async () => {
      const seen = await spy.next<{ whileOpen: string[]; control: string[] }>()
      expect(await spy.ended).toEqual({ code: 0, signal: null, stderr: '' })
      expect(seen?.whileOpen).toEqual([])
      expect(seen?.control, 'the spy sees such a call').toHaveLength(1)
    })
    reportProof({
      proof: 'a second SQLite library by path, relative path, hard link, symbolic link and linked folder',
      file: 'test/cells/one-library.test.ts',
      runs: '12 cases',
      result: 'refused with SECOND_LIBRARY; the same library shares; node:fs never opens the file meanwhile',
    })
  })
})
