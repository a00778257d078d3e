import { statfs } from 'node:fs/promises'

// Magic numbers of statfs(2) on Linux.
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x786f4256, 'a shared folder of VirtualBox'],
])

/** Returns known conditions that make sharing a database file unsafe, for the diagnostics; empty when there are none. */
export async function unsafeEnvironment(file: string, sqliteVersion: string): Promise<string[]> {
  const problems: string[] = []
  if (hasWalResetBug(sqliteVersion)) {
    problems.push(
      `SQLite ${sqliteVersion} can corrupt a file that several connections write (the WAL-reset bug); use 3.51.3 or later`,
    )
  }
  const network = await networkFileSystem(file)
  if (network !== undefined) {
    problems.push(
      `the file is on ${network}, where the processes of several hosts cannot share it safely; use a local disk`,
    )
  }
  return problems
}

/** Returns the network file system that contains `path`, if any. The shared memory of WAL does not work across machines. */
export async function networkFileSystem(
  path: string,
  statFileSystem: (path: string) => Promise<{ type: number }> = statfs,
): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const { type } = await statFileSystem(path)
    return NETWORK_TYPES.get(type >>> 0)
  } catch {
    // This is only a warning: an unidentified file system must not keep a database from being opened.
    return undefined
  }
}

/**
 * Returns whether a version of SQLite can corrupt a database in WAL mode when several connections write and one resets the WAL
 * (https://www.sqlite.org/wal.html#walresetbug): 3.7.0 to 3.51.2, fixed in 3.51.3 and in the branches 3.50.7 and 3.44.6.
 */
function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor < 7 || minor > 51) return false
  if (minor === 51) return patch < 3
  if (minor === 50) return patch < 7
  if (minor === 44) return patch < 6
  return true
}
