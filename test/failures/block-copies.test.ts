import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { byBlocks } from '../proof/copies/by-blocks.js'
import { compareCopies, rowsOf } from '../proof/copies/compare-copies.js'
import { copyFolder } from '../proof/copies/copy-folder.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'

proveCell()

// What each build of SQLite writes, checkpoints and vacuums during a copy; test/block-copies has the rest.
describe('copies by large blocks', () => {
  const { folder, target } = copyFolder()

  test('have every page of one moment, whatever is written, checkpointed and vacuumed meanwhile', async () => {
    const copies = proofCount({ inTests: 1, inSoak: 150 })
    const worker = (copy: number) => byBlocks({ slow: copy % 3 < 2 })
    const compared = await compareCopies({ folder, kind: 'rows', copies, worker })
    expect(compared).toBeGreaterThan(0)
    reportProof({
      proof:
        'copies by large blocks beside writers, checkpoints and VACUUM, against a replay of every transaction in them',
      file: 'test/failures/block-copies.test.ts',
      runs: `${copies} copies`,
      result: `0 of ${compared} rows old or missing`,
    })
  }, 600_000)

  test('have the last content of every page if only contents change, which no check of SQLite finds', async () => {
    const copies = proofCount({ inTests: 1, inSoak: 20 })
    // The kernel may write less than requested.
    const worker = (copy: number) => byBlocks({ slow: true, ...(copy % 2 === 0 && { hindrance: 'short writes' }) })
    expect(await compareCopies({ folder, kind: 'contents', copies, worker })).toBeGreaterThan(0)
  }, 600_000)

  // A reader then does not keep a writer from restarting the WAL, over the frames that the copy has found there.
  test('that begin with a checkpointed WAL are correct when the WAL is overwritten', async () => {
    const [path, entry] = [join(folder, 'app.db-whole'), (letter: string) => letter.repeat(100_000)]
    await using adapter = await engine.SQLiteAdapter.open(path)
    await adapter.cache.setMany(Array.from({ length: 60 }, (_, at) => [`entry-${at}`, entry('a')]))
    await rowsOf(path, ['PRAGMA wal_checkpoint(TRUNCATE)'])
    await adapter.cache.set('entry-50', entry('b'))
    await rowsOf(path, ['PRAGMA wal_checkpoint(PASSIVE)'])
    let written: Promise<unknown> | undefined
    const progress = () => {
      // The copy has read the WAL by now, but has not reached its pages.
      written ??= adapter.cache.setMany([40, 41, 42].map((at) => [`entry-${at}`, entry('c')]))
    }
    await adapter.backup(target, { progress, worker: byBlocks({ slow: true }) } as object)
    await written
    expect(written).toBeDefined()
    await using copy = await engine.SQLiteAdapter.open(target)
    for (let at = 0; at < 60; at++) {
      expect(await copy.cache.get(`entry-${at}`), `entry ${at}`).toBe(entry(at === 50 ? 'b' : 'a'))
    }
  }, 60_000)
})
