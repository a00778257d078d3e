import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { type LogIndex, readLogIndex } from '../../packages/shared/src/dialects/sqlite/block-copy/log-index.js'
import { LogOverlay } from '../../packages/shared/src/dialects/sqlite/block-copy/log-overlay.js'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

describe.each([512, 4_096, 65_536])('the WAL of a database with pages of %i bytes', (pageBytes) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-overlay-'))
  const database = join(folder, 'app.db')
  const copy = join(folder, 'log')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const handle = new DatabaseSync(database)
  handle.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0`)
  handle.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, value)')
  for (let id = 0; id < 20; id++) handle.exec(`INSERT INTO t VALUES (${id}, zeroblob(${id * 300}))`)
  handle.exec('UPDATE t SET value = zeroblob(1000 + id); DELETE FROM t WHERE id > 15')
  copyFileSync(`${database}-wal`, copy)
  const index = readLogIndex(database, () => undefined) as Promise<LogIndex>
  const original = readFileSync(copy)
  const frameBytes = FRAME_HEADER_BYTES + pageBytes

  const read = (changed: Buffer, at: LogIndex) => {
    writeFileSync(copy, changed)
    return LogOverlay.read(copy, at, pageBytes, () => undefined)
  }
  const changedAt = (place: number) => {
    const changed = Buffer.from(original)
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
    return changed
  }

  /** Checks each page of the WAL against the file after the engine's checkpoint. */
  function expectPages(overlay: LogOverlay | undefined, of: number): void {
    const file = readFileSync(join(folder, 'moved.db'))
    const written = writtenOver(Buffer.alloc(of * pageBytes), overlay)
    const inLog = Array.from({ length: of }, (_, at) => at + 1).filter((page) => overlay?.page(page))
    expect(inLog.length).toBeGreaterThan(1)
    for (const page of inLog) {
      const place = [(page - 1) * pageBytes, page * pageBytes] as const
      expect(written.subarray(...place).equals(file.subarray(...place)), `page ${page}`).toBe(true)
    }
    overlay?.close()
  }

  /** Returns the copy with the overlay applied. */
  function writtenOver(pages: Buffer, overlay: LogOverlay | undefined): Buffer {
    const path = join(folder, 'copy.db')
    writeFileSync(path, pages)
    const file = openSync(path, 'r+')
    // In two parts, like a copy that grows.
    for (const [first, end] of [
      [1, 3],
      [3, pages.length / pageBytes + 1],
    ] as const) {
      overlay?.writeInto(file, first, end)
    }
    closeSync(file)
    return readFileSync(path)
  }

  test('has the pages that the engine moves into the file', async () => {
    const { pages, frames } = await index
    expect(original.length).toBe(HEADER_BYTES + frames * frameBytes)
    handle.exec('PRAGMA wal_checkpoint(PASSIVE)')
    copyFileSync(database, join(folder, 'moved.db'))
    handle.close()
    expectPages(read(original, await index), pages)
  })

  test('is read in the other order of bytes as well', async () => {
    const other = Buffer.from(original)
    const bigEndian = (other.readUInt32BE(0) & 1) === 0
    other.writeUInt32BE(other.readUInt32BE(0) ^ 1, 0)
    let [first, second] = [0, 0]
    const add = (from: number, to: number) => {
      for (let at = from; at < to; at += 8) {
        const word = (place: number) => (bigEndian ? other.readUInt32BE(place) : other.readUInt32LE(place))
        first = (first + word(at) + second) >>> 0
        second = (second + word(at + 4) + first) >>> 0
      }
    }
    const write = (at: number) => {
      other.writeUInt32BE(first, at)
      other.writeUInt32BE(second, at + 4)
    }
    add(0, 24)
    write(24)
    for (let at = HEADER_BYTES; at < other.length; at += frameBytes) {
      add(at, at + 8)
      add(at + FRAME_HEADER_BYTES, at + frameBytes)
      write(at + 16)
    }
    expectPages(read(other, { ...(await index), checksum: [first, second] }), (await index).pages)
  })

  test('is refused as a whole if any byte of it is changed or missing, or its index differs', async () => {
    const at = await index
    const last = HEADER_BYTES + (at.frames - 1) * frameBytes
    // Of the header: magic number, page size, salt, checksum. Of a frame: page, size after the commit, salt, checksum, content.
    const places = [
      0,
      10,
      16,
      24,
      ...[HEADER_BYTES, last].flatMap((frame) => [0, 4, 8, 16, 24, 500].map((in_) => frame + in_)),
    ]
    for (const place of places) expect(read(changedAt(place), at), `byte ${place}`).toBeUndefined()
    expect(read(original.subarray(0, -1), at)).toBeUndefined()
    expect(read(original.subarray(0, 10), at)).toBeUndefined()
    const [first, second] = at.checksum
    expect(read(original, { ...at, checksum: [first, second ^ 1] })).toBeUndefined()
    expect(read(original, { ...at, frames: at.frames - 1 })).toBeUndefined()
    expect(read(original, { ...at, pages: at.pages + 1 })).toBeUndefined()
  })

  test('is ignored once it was restarted, but not if it cannot be read', async () => {
    const overlay = read(original, await index)
    const zeros = Buffer.alloc((await index).pages * pageBytes)
    expect(writtenOver(zeros, overlay).equals(zeros)).toBe(false)
    for (const other of [changedAt(16), '']) {
      writeFileSync(copy, other)
      expect(writtenOver(zeros, overlay).equals(zeros)).toBe(true)
    }
    // The same WAL, a part of which cannot be read.
    writeFileSync(copy, original.subarray(0, HEADER_BYTES))
    expect(() => writtenOver(zeros, overlay)).toThrow(/could not be read/)
    overlay?.close()
  })
})
