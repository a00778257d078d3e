// The thread of env.THREAD, in which a system call fails or misbehaves as env.HINDRANCE says.
import { createRequire, syncBuiltinESMExports } from 'node:module'

const PAGE_BYTES = 4_096
const load = createRequire(import.meta.url)
const fs = load('node:fs')
const programs = load('node:child_process')
const { writeSync } = fs

/** @type {Record<string, () => void>} */
const hindrances = {
  // A planted bug: of the WAL, the continuation pages of long rows are not written into the copy.
  'contents left out': () => {
    writes((file, bytes, from, length, place) => {
      if (length % PAGE_BYTES > 0) return writeSync(file, bytes, from, length, place)
      for (let at = 0; at < length; at += PAGE_BYTES) {
        // A continuation page begins with the number of the next page, every other page with its type.
        if (bytes[from + at] !== 0) writeSync(file, bytes, from + at, PAGE_BYTES, place + at)
      }
      return length
    })
  },
  'short writes': () => {
    writes((file, bytes, from, length, place) => writeSync(file, bytes, from, Math.ceil(length / 2), place))
  },
  // As for a user who may only read the files of another user.
  'no right to write': () => {
    const refuse = async () => {
      throw new Error('EACCES: permission denied')
    }
    Object.assign(load('node:fs/promises'), { access: refuse })
  },
  // As on some file systems in user space.
  'no sizes': () => {
    Object.assign(load('node:fs/promises'), { statfs: async () => ({ blocks: 0, bavail: 0, bsize: 4_096 }) })
  },
  // As when a runtime forbids it or the system has no memory left.
  'no programs': () => {
    const refuse = () => {
      throw new Error('Access to this API has been restricted')
    }
    Object.assign(programs, { spawn: refuse, execFile: refuse })
  },
}

/** @param {(file: number, bytes: Buffer, from: number, length: number, place: number) => number} write */
function writes(write) {
  Object.assign(fs, { writeSync: write })
}

hindrances[String(process.env.HINDRANCE)]?.()
syncBuiltinESMExports()
await import(String(process.env.THREAD))
