import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../matrix.mjs'
import { thisMember } from '../process/members.js'

interface Met {
  /** `none` when it went well. */
  code: unknown
  message: string
}

interface Read extends Met {
  read?: unknown
}

/** What opening and writing met, and opening to read, or the words in which the system refused to make the place. */
export type ReadOnlyPlace = { write: Met; readOnly: Read; immutable: Read } | { refused: string }

// Seen by this process and its children alone. A folder, because permissions do not bind the superuser.
const MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; exec "$2" "$3" "$4" "$1"'
const NOT_MOUNTED = 99

/** Opens the database in `folder` where nothing can be written there. */
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
