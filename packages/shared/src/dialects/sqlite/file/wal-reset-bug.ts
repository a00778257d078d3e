/**
 * Whether a version of SQLite can corrupt a database in WAL mode when several connections write and one resets the log
 * (https://www.sqlite.org/wal.html#walresetbug): 3.7.0 to 3.51.2, mended in 3.51.3 and in the branches 3.50.7 and 3.44.6.
 */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor < 7 || minor > 51) return false
  if (minor === 51) return patch < 3
  if (minor === 50) return patch < 7
  if (minor === 44) return patch < 6
  return true
}
