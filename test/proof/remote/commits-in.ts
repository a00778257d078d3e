import { readFileSync } from 'node:fs'

/** Returns the number of commits in the WAL of a file. The frame that ends a commit has the size of the database after it. */
export function commitsIn(path: string): number {
  const log = readFileSync(`${path}-wal`)
  const page = log.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + 24 + page <= log.length; at += 24 + page) if (log.readUInt32BE(at + 4) !== 0) commits++
  return commits
}
