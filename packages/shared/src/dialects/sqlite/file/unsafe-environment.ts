import { networkFileSystem } from './network-file-system.js'
import { hasWalResetBug } from './wal-reset-bug.js'

/** What is known to make a database file unsafe to share, in words for the diagnostics; empty where nothing is. */
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
