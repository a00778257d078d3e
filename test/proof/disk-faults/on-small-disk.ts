import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../matrix.mjs'
import { thisMember } from '../process/members.js'

/** What full-disk.mjs found. */
export interface FullDisk {
  acknowledged: number
  code: unknown
  lostWhileFull: number
  lost: number
  after: boolean
  integrity: unknown
}

/** What a script found, or the words in which the system refused to make a file system. */
export type SmallDisk<Found> = Found | { refused: string }

// The mount is seen by this process and its children alone, and goes with them.
const MOUNT = 'mount -t tmpfs -o size=512k none "$1" || exit 99; exec "$2" "$3" "$4" "$1"'
const NOT_MOUNTED = 99

/** Runs a script, by default full-disk.mjs, on a file system of 512 KiB in memory. */
export function onSmallDisk<Found = FullDisk>(
  folder: string,
  script: URL = new URL('full-disk.mjs', import.meta.url),
): Promise<SmallDisk<Found>> {
  const runtime = runtimes[thisMember.runtime]
  if (runtime === undefined) throw new Error(`no runtime ${thisMember.runtime}`)
  const file = fileURLToPath(script)
  const command = ['-c', MOUNT, 'sh', folder, runtime.path, file, thisMember.module.href]
  return new Promise((resolve, reject) => {
    execFile('unshare', ['--map-root-user', '--mount', 'sh', ...command], (error, stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(stdout))
      // 1 is unshare's own failure, and only it says so.
      if (error.code === NOT_MOUNTED || stderr.startsWith('unshare: ')) return resolve({ refused: stderr })
      reject(new Error(`${file} ended with ${error.code}: ${stderr}`))
    })
  })
}
