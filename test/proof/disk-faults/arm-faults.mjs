import { openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns a function that makes the file system of this process fail; faults.c must be preloaded. Each call returns the number of
 * file system calls that failed since the previous one.
 *
 * @param {string} folder
 * @returns {Promise<(kind: 'r' | 'w' | 's', errno: number, at: number, calls: number) => number>}
 */
export async function faultArmer(folder) {
  if (process.versions.bun === undefined) {
    const file = openSync(join(folder, 'arm'), 'w+')
    const answer = Buffer.alloc(20)
    return (kind, errno, at, calls) => {
      writeSync(file, `${kind} ${errno} ${at} ${calls}`)
      readSync(file, answer, 0, answer.length, 0)
      return Number(answer.toString())
    }
  }
  // Bun bypasses libc, so the library is called directly.
  const { dlopen, FFIType } = await import('bun:ffi')
  const { symbols } = dlopen(process.env.LD_PRELOAD ?? '', {
    faults_arm: { args: [FFIType.i32, FFIType.i32, FFIType.i64_fast, FFIType.i64_fast], returns: FFIType.i64_fast },
  })
  return (kind, errno, at, calls) => Number(symbols.faults_arm(kind.charCodeAt(0), errno, at, calls))
}
