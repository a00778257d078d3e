import { existsSync, mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const ENOUGH_BYTES = 1024 ** 3

/**
 * Makes the folder in which the runs keep their files, which the caller removes. It is in memory where the system has such
 * a file system: no test needs a disk, since those of flushing record or fail the calls, and to flush to one took most of the
 * time of many. A soak stays on the disk.
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
