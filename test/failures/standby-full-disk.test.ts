import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { onSmallDisk } from '../proof/disk-faults/on-small-disk.js'

proveCell()

const SCRIPT = new URL('../proof/standby/full-disk.mjs', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'standby-full-disk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a standby whose disk is full waits, says so, and follows on when there is room', async () => {
  const found = await onSmallDisk<Record<string, unknown>>(folder, SCRIPT)
  if ('refused' in found) {
    // Where no file system can be made, the reason must be that this user may not.
    expect(found.refused).toMatch(/not permitted|permission denied|no space left on device|invalid argument/i)
    return
  }
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
