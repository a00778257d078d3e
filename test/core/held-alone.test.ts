import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, expect, test } from 'vitest'
import { deviceOf } from '../../packages/shared/src/dialects/sqlite/file/mounted-device.js'
import {
  isOpenAnywhere,
  isOpenElsewhere,
  processView,
} from '../../packages/shared/src/dialects/sqlite/file/process-view.js'
import { sharedLockHolders } from '../../packages/shared/src/dialects/sqlite/file/shared-lock.js'

const folder = mkdtempSync(join(tmpdir(), 'held-alone-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The kernel reports adjacent locks as one.
test.each(['WAL', 'DELETE'])('a connection that holds a file exclusively is detected, in mode %s', async (mode) => {
  const path = join(folder, `${mode}.db`)
  const alone = new DatabaseSync(path)
  const { ino } = statSync(path, { bigint: true })
  const device = deviceOf(realpathSync(path), readFileSync('/proc/self/mountinfo', 'utf8'))
  const holders = () => new Set(sharedLockHolders(readFileSync('/proc/locks', 'utf8'), ino, device))
  expect([(await processView(path))?.locked, ...holders()]).toEqual([false])
  alone.exec(`PRAGMA journal_mode = ${mode}; PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (id)`)
  expect([(await processView(path))?.locked, ...holders()]).toEqual([true, process.pid])
  expect([await isOpenAnywhere(path), await isOpenElsewhere(path)]).toEqual([true, false])
  alone.close()
  expect([(await processView(path))?.locked, ...holders()]).toEqual([false])
})

test('the device of a file is that of the innermost mount, and of two at one path that of the later one', () => {
  const mounts = [
    '22 1 254:0 / / rw - ext4 /dev/root rw',
    '23 22 0:21 / /disks/backups rw - btrfs /dev/sdb rw',
    '24 22 8:17 / /disks/back\\040up rw - ext4 /dev/sdc rw',
    '25 22 259:300 / /disks/later rw - ext4 /dev/sdd rw',
    '26 25 0:30 / /disks/later rw - tmpfs none rw',
    '',
  ].join('\n')
  const devices = [
    '/disks/app.db',
    '/disks/backups/app.db',
    '/disks/backups2/app.db',
    '/disks/back up/app.db',
    '/disks/later/a',
  ]
  expect(devices.map((path) => deviceOf(path, mounts))).toEqual(['fe:00', '00:15', 'fe:00', '08:11', '00:1e'])
  expect(deviceOf('/disks/app.db', '')).toBeUndefined()
})

test('a mount hides earlier mounts at and below its path', () => {
  const mounts = [
    '22 1 254:0 / / rw - ext4 /dev/root rw',
    '23 22 8:1 / /disks rw - ext4 /dev/sda1 rw',
    '24 23 8:2 / /disks/inner rw - ext4 /dev/sda2 rw',
    '25 23 8:3 / /disks rw - ext4 /dev/sda3 rw',
    '26 25 8:4 / /disks/inner/deep rw - ext4 /dev/sda4 rw',
  ].join('\n')
  const devices = ['/disks/a', '/disks/inner/a', '/disks/inner/deep/a'].map((path) => deviceOf(path, mounts))
  expect(devices).toEqual(['08:03', '08:03', '08:04'])
})

test('the holder of a file lock is identified by device and inode, because files of two disks may share an inode number', () => {
  const line = (pid: number, place: string) => `1: POSIX  ADVISORY  READ ${pid} ${place} 1073741826 1073742335`
  const locks = [line(1, '08:11:12'), line(2, '08:21:12'), line(3, '08:11:112')].join('\n')
  const devices = ['08:11', '08:21', '08:31', undefined]
  expect(devices.map((device) => sharedLockHolders(locks, 12n, device))).toEqual([[1], [2], [], [1, 2]])
})
