// The thread of env.THREAD in which a call of the system does what env.HINDRANCE says.
import { createRequire, syncBuiltinESMExports } from 'node:module'

const PAGE_BYTES = 4_096
const load = createRequire(import.meta.url)
const fs = load('node:fs')
const programs = load('node:child_process')
const { writeSync } = fs

/** @type {Record<string, () => void>} */
const hindrances = {
  // A mistake to be found: of the log, what long rows go on with is not put into the copy.
  'contents left out': () => {
    writes((file, bytes, from, length, place) => {
      if (length % PAGE_BYTES > 0) return writeSync(file, bytes, from, length, place)
      for (let at = 0; at < length; at += PAGE_BYTES) {
        // A page that continues a row begins with the number of the next one; every other has its kind there.
        if (bytes[from + at] !== 0) writeSync(file, bytes, from + at, PAGE_BYTES, place + at)
      }
      return length
    })
  },
  'short writes': () => {
    writes((file, bytes, from, length, place) => writeSync(file, bytes, from, Math.ceil(length / 2), place))
  },
  // As for a user who may read the files of another one.
  'no right to write': () => {
    const refuse = async () => {
      throw new Error('EACCES: permission denied')
    }
    Object.assign(load('node:fs/promises'), { access: refuse })
  },
  // As some file systems in user space.
  'no sizes': () => {
    Object.assign(load('node:fs/promises'), { statfs: async () => ({ blocks: 0, bavail: 0, bsize: 4_096 }) })
  },
  // As where a runtime forbids it, or the system lacks memory.
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
