import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inReadOnlyPlace } from '../proof/damaged-worlds/read-only-place.js'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { seededRandom } from '../proof/seeded-random.mjs'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

const PAGE_BYTES = 4_096
const ENTRIES = 100
// The codes for damage, depending on where it is: in a page, in the schema, in a value.
const CODES = ['CORRUPT', 'NOT_A_DATABASE', 'IO_ERROR', 'VALUE_UNREADABLE', 'FOREIGN_TABLE', 'SCHEMA_NEWER', 'SQL']

describe('damaged worlds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'damaged-worlds-'))
  const random = seededRandom(printedSeed('damaged worlds'))
  let files = 0
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Makes a database with entries and an empty WAL. */
  async function makeFile(): Promise<string> {
    const path = join(folder, `file-${++files}.db`)
    const adapter = await engine.SQLiteAdapter.open(path)
    for (let at = 0; at < ENTRIES; at++) await adapter.cache.set(`k${at}`, 'x'.repeat(1_000))
    await adapter.idempotency.set('k', 1)
    await adapter.disconnect()
    // One engine keeps its files and their WAL open until its process ends.
    const handle = await engine.openHandle(path)
    await engine.rows(handle, 'PRAGMA wal_checkpoint(TRUNCATE)')
    await engine.closeHandle(handle)
    return path
  }

  /** Uses the file as far as possible and returns the codes of refused calls. */
  async function use(path: string): Promise<unknown[]> {
    const codes: unknown[] = []
    const note = (error: { _tag?: unknown; code?: unknown }) =>
      codes.push(error._tag === 'PersistenceError' ? error.code : error)
    const adapter = await engine.SQLiteAdapter.open(path).catch(note)
    if (typeof adapter === 'number') return codes
    for (let at = 0; at < ENTRIES; at += 7) await adapter.cache.get(`k${at}`).catch(note)
    await adapter.cache.keys('*').catch(note)
    await adapter.idempotency.get('k').catch(note)
    await adapter.cache.set('new', 1).catch(note)
    await adapter.disconnect().catch(note)
    return codes
  }

  test('pages of garbage cause typed errors, and the file is never recreated', async () => {
    const worlds = proofCount({ inTests: 8, inSoak: 100 })
    const original = readFileSync(await makeFile())
    let refused = 0
    for (let world = 0; world < worlds; world++) {
      const path = join(folder, `garbage-${world}.db`)
      const bytes = Buffer.from(original)
      const pages = Math.floor(bytes.length / PAGE_BYTES)
      for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
        // Not the first page; the conformance suite tests damage there.
        const page = 1 + Math.floor(random() * (pages - 1))
        for (let at = 0; at < PAGE_BYTES; at++) bytes[page * PAGE_BYTES + at] = Math.floor(random() * 256)
      }
      writeFileSync(path, bytes)
      const codes = await use(path)
      expect(codes.filter((code) => !CODES.includes(code as string))).toEqual([])
      refused += codes.length
      expect(readFileSync(path).length, 'nothing was cut off').toBeGreaterThanOrEqual(bytes.length)
    }
    expect(refused).toBeGreaterThan(0)
    reportProof({
      proof: 'pages of garbage in the file',
      file: 'test/cells/damaged-worlds.test.ts',
      runs: `${worlds} files`,
      result: `${refused} refusals, all typed; never made anew`,
    })
  }, 600_000)

  test('a truncated file is refused and left unchanged', async () => {
    const path = await makeFile()
    truncateSync(path, PAGE_BYTES * 3)
    const before = readFileSync(path)
    const codes = await use(path)
    expect(codes.length).toBeGreaterThan(0)
    expect(codes.filter((code) => !CODES.includes(code as string))).toEqual([])
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a WAL of garbage is ignored', async () => {
    const path = await makeFile()
    // A connection of this process may still have the old file open, and must not get the WAL of the new one.
    const moved = join(folder, 'moved.db')
    writeFileSync(moved, readFileSync(path))
    writeFileSync(`${moved}-wal`, Buffer.from(Array.from({ length: 10_000 }, () => Math.floor(random() * 256))))
    expect(await use(moved)).toEqual([])
    const adapter = await engine.SQLiteAdapter.open(moved)
    expect((await adapter.cache.keys('k*')).length).toBe(ENTRIES)
    await adapter.disconnect()
  })

  test('an empty file is a new database', async () => {
    const path = join(folder, 'empty.db')
    writeFileSync(path, '')
    expect(await use(path)).toEqual([])
  })

  test('on a read-only file system, open or the first write says so, readOnly says so or reads, and immutable reads and is backed up', async () => {
    const place = join(folder, 'read-only')
    mkdirSync(place)
    const path = join(place, 'app.db')
    const written = join(folder, 'written.db')
    const adapter = await engine.SQLiteAdapter.open(written)
    await adapter.cache.set('k', 1)
    await adapter.disconnect()
    // One engine keeps the file that it wrote open, so a copy is used.
    copyFileSync(written, path)
    const found = await inReadOnlyPlace(place)
    if ('refused' in found) {
      // If the read-only mount is refused, the reason must be missing permissions.
      expect(found.refused).toMatch(/not permitted|permission denied|no space left on device|invalid argument/i)
      return
    }
    expect(['READ_ONLY', 'CANNOT_OPEN']).toContain(found.write.code)
    if (found.readOnly.code === 'none') {
      expect(found.readOnly.read).toBe(1)
    } else {
      expect(['READ_ONLY', 'CANNOT_OPEN']).toContain(found.readOnly.code)
      // The error must not be about writing, because the caller only reads.
      expect(found.readOnly.message).toMatch(/cannot be read without writing beside it.*read a copy.*immutable: true/)
    }
    expect(found.immutable).toMatchObject({ code: 'none', read: 1 })
    await engine.verifyBackup(`${place}-backup.db`)
    expect(existsSync(path)).toBe(true)
  })
})
