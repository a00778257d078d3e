import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../matrix.mjs'
import { thisMember } from '../process/members.js'

/** The findings of full-disk.mjs. */
export interface FullDisk {
  acknowledged: number
  code: unknown
  lostWhileFull: number
  lost: number
  after: boolean
  integrity: unknown
}

/** The findings of a script, or the error of the mount. */
export type SmallDisk<Found> = Found | { refused: string }

// Only this process and its children see the mount; it ends with them.
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
      // 1 is also unshare's own exit code, which its message identifies.
      if (error.code === NOT_MOUNTED || stderr.startsWith('unshare: ')) return resolve({ refused: stderr })
      reject(new Error(`${file} ended with ${error.code}: ${stderr}`))
    })
  })
}
