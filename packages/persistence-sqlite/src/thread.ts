import { type BackupSteps, serveThread } from '@go-go-scope/persistence-core/engine'
import type { Sqlite3Database } from './handle.js'
import { loadEngine } from './load-engine.js'
import { Sqlite3Driver } from './sqlite3-driver.js'

interface SourceDatabase extends Sqlite3Database {
  backup(path: string, callback: (error: Error | null) => void): Sqlite3Backup
}

interface Sqlite3Backup {
  readonly pageCount: number
  readonly remaining: number
  step(pages: number, callback: (error: Error | null, done: boolean) => void): unknown
  finish(callback: () => void): unknown
}

serveThread(async () => ({
  ...(await loadEngine()),
  driver: (database: Sqlite3Database) => new Sqlite3Driver(database),
  backup,
}))

async function backup(source: Sqlite3Database, target: string, steps: BackupSteps): Promise<void> {
  const copy = await new Promise<Sqlite3Backup>((resolve, reject) => {
    const made = (source as SourceDatabase).backup(target, (error) => (error ? reject(error) : resolve(made)))
  })
  try {
    while (!(await step(copy, steps.rate))) {
      const wait = steps.next({ totalPages: copy.pageCount, remainingPages: copy.remaining })
      if (wait > 0) steps.wait(wait)
    }
  } finally {
    await new Promise<void>((resolve) => copy.finish(() => resolve()))
  }
}

/** Copies `pages` pages. Returns whether they were the last ones. */
function step(copy: Sqlite3Backup, pages: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    copy.step(pages, (error, done) => (error ? reject(error) : resolve(done)))
  })
}
