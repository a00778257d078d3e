import { statfs } from 'node:fs/promises'

// Types of statfs(2) on Linux.
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB2'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
])

/** The network file system that holds `path`, which the shared memory of WAL does not reach across; else `undefined`. */
export async function networkFileSystem(
  path: string,
  statFileSystem: (path: string) => Promise<{ type: number }> = statfs,
): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  try {
    const { type } = await statFileSystem(path)
    return NETWORK_TYPES.get(type >>> 0)
  } catch {
    // This only warns: a file system that does not tell what it is must not keep a database from being opened.
    return undefined
  }
}
