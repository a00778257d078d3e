import { existsSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 1024 ** 3

/**
 * Makes the folder for the files of the runs; the caller removes it. It is in memory if the system has such a file system. No
 * test needs a disk, because tests of flushing record the calls or make them fail, and real flushes took most of the time of
 * many tests. A soak uses the disk.
 *
 * @returns {string}
 */
export function makeScratchFolder() {
  const inMemory = process.env.SOAK === undefined && existsSync(MEMORY) && freeBytes(MEMORY) >= ENOUGH_BYTES
  return mkdtempSync(join(inMemory ? MEMORY : tmpdir(), 'persistence-test-'))
}

/** @param {string} folder */
function freeBytes(folder) {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
