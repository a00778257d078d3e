import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { networkFileSystem } from '../../packages/shared/src/dialects/sqlite/file/unsafe-environment.js'
import { openAsVersion } from '../proof/unsafe-environment/open-as-version.js'
import { engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

describe('what makes a file unsafe to share is reported', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unsafe-environment-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // https://www.sqlite.org/wal.html#walresetbug
  test.each([
    ['3.38.0', true],
    ['3.44.5', true],
    ['3.44.6', false],
    ['3.45.0', true],
    ['3.50.6', true],
    ['3.50.7', false],
    ['3.51.0', true],
    ['3.51.2', true],
    ['3.51.3', false],
    ['3.52.0', false],
    ['3.54.1', false],
  ])('SQLite %s has the WAL-reset bug: %s', async (version, has) => {
    const path = join(folder, `${version}.db`)
    const problem = expect.stringContaining(`SQLite ${version} can corrupt`)
    expect(await openAsVersion(path, version)).toEqual(has ? [{ type: 'unsafe-environment', file: path, problem }] : [])
  })

  test('the engine of this cell does not have the bug, and a local disk is not reported', async () => {
    const events: object[] = []
    const options = { onDiagnostic: (event: object) => void events.push(event) }
    const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'), options)
    await adapter.disconnect()
    expect(events).toEqual([])
  })

  test.each([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['SMB2', 0xfe534d42],
    // Some runtimes return the magic number as a signed 32-bit integer.
    ['CIFS', 0xff534d42 | 0],
    ['9p', 0x01021997],
    ['FUSE', 0x65735546],
    ['Ceph', 0x00c36400],
    ['Lustre', 0x0bd00bd0],
    ['a shared folder of VirtualBox', 0x786f4256],
    [undefined, 0xef53],
  ])('a file system of that type is called %s', async (name, type) => {
    const found = await networkFileSystem(folder, async () => ({ type }))
    expect(found).toBe(process.platform === 'linux' ? name : undefined)
  })

  test('a file opens on a file system that does not report its type', async () => {
    expect(await networkFileSystem(folder, () => Promise.reject(new Error('ENOSYS')))).toBeUndefined()
  })
})
