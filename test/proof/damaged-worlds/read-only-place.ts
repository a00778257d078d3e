import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../matrix.mjs'
import { thisMember } from '../process/members.js'

interface Met {
  /** The code of the error; `none` if there was none. */
  code: unknown
  message: string
}

interface Read extends Met {
  read?: unknown
}

/** The outcomes of opening to write and to read, or the error of the mount. */
export type ReadOnlyPlace = { write: Met; readOnly: Read; immutable: Read } | { refused: string }

// Only this process and its children see the mount. It is read-only, because permissions do not bind the superuser.
const MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; exec "$2" "$3" "$4" "$1"'
const NOT_MOUNTED = 99

/** Opens the database in `folder` while the folder is read-only. */
export function inReadOnlyPlace(folder: string): Promise<ReadOnlyPlace> {
  const runtime = runtimes[thisMember.runtime]
  if (runtime === undefined) throw new Error(`no runtime ${thisMember.runtime}`)
  const script = fileURLToPath(new URL('open-in-place.mjs', import.meta.url))
  const command = ['-c', MOUNT, 'sh', folder, runtime.path, script, thisMember.module.href]
  return new Promise((resolve, reject) => {
    execFile('unshare', ['--map-root-user', '--mount', 'sh', ...command], (error, stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(stdout))
      if (error.code === NOT_MOUNTED || stderr.startsWith('unshare: ')) return resolve({ refused: stderr })
      reject(new Error(`open-in-place.mjs ended with ${error.code}: ${stderr}`))
    })
  })
}
