import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { onSmallDisk } from '../proof/disk-faults/on-small-disk.js'

proveCell()

/** Runs a script on a small disk. Returns `undefined` if permissions are missing to make the file system. */
async function find(script: string): Promise<Record<string, unknown> | undefined> {
  const found = await onSmallDisk<Record<string, unknown>>(
    folder,
    new URL(`../proof/standby/${script}`, import.meta.url),
  )
  if (!('refused' in found)) return found
  expect(found.refused).toMatch(/not permitted|permission denied|no space left on device|invalid argument/i)
  return undefined
}

const folder = mkdtempSync(join(tmpdir(), 'standby-full-disk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a standby whose disk is full waits, reports that, and continues when there is space', async () => {
  const found = await find('full-disk.mjs')
  if (found === undefined) return
  expect(found).toEqual({
    full: {
      reason: expect.stringMatching(/disk of the standby .* is full/),
      behind: 1,
      first: 1,
      waitFor: 'DISK_FULL',
      verify: 'DISK_FULL',
      takeOver: 'DISK_FULL',
      state: 'waiting',
    },
    after: { equal: true, reason: null, further: true },
    entry: true,
    left: [],
  })
}, 60_000)

test('a standby that has no space at the start leaves no file, and no change log in its source', async () => {
  const found = await find('follow-on-full-disk.mjs')
  if (found !== undefined) expect(found).toEqual({ code: 'DISK_FULL', files: [], log: [] })
}, 60_000)
