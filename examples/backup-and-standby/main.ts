// An app backs up its database while it works. It then loses its file, and later its process. Shows which orders are lost.
import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { restore, Standby, verifyBackup } from '@go-go-scope/persistence-sqlite-node'
import { databaseArgument } from '../database-argument.ts'
import '../end-with-reader.ts'
import { AppProcess } from './app-process.ts'
import { damage } from './damage.ts'
import { missingOrders } from './orders.ts'
import { ProgressBar } from './progress-bar.ts'

const database = databaseArgument(
  'Backs up a working app, damages its file, restores it, and lets a standby take over. The files are made anew.',
  fileURLToPath(new URL('orders.db', import.meta.url)),
)
const copy = `${database}.backup`
removeFilesOf(database)

console.log('1. The app makes a backup while it stores orders.')
const first = await AppProcess.start(database)
await first.fill()
first.storeFrom(1)
await first.stored(100)
const before = first.acknowledged
const bar = new ProgressBar()
const backup = await first.backup(copy, (progress) => bar.show(progress))
const during = first.acknowledged - before
console.log(`   ${megabytes(backup.bytes)} MB in ${backup.milliseconds} ms; meanwhile ${during} orders were stored.`)
await first.stored(100)
await first.kill()
const stored = first.acknowledged

console.log('\n2. The app is killed, and its file is damaged.')
await damage(database)
await AppProcess.start(database).then(
  () => Promise.reject(new Error('the app started on a damaged file')),
  ({ code }) => console.log(`   The app does not start: ${code}.`),
)

console.log('\n3. The backup is restored.')
await verifyBackup(copy)
const { kept } = await restore(copy, database)
console.log(`   The damaged file is kept as ${basename(String(kept))}.`)
const second = await AppProcess.start(database)
report('before the backup began', before, await second.missing(1, before))
report('since then', stored - before, await second.missing(before + 1, stored))

console.log('\n4. A standby follows the file, and the app goes on.')
const standby = await Standby.follow(database, { target: `${database}.standby` })
second.storeFrom(stored + 1)
await second.stored(200)
await second.kill()
const last = second.acknowledged
console.log(`   The app is killed; the standby is ${standby.state}.`)

console.log('\n5. The standby takes over.')
const promoted = await standby.takeOver()
report('since the restore', last - stored, await missingOrders(promoted, stored + 1, last))
await promoted.disconnect()

/** Removes the files of an earlier run: the database, the backup, the damaged file and the standby. */
function removeFilesOf(path: string): void {
  const name = basename(path)
  for (const file of readdirSync(dirname(path))) {
    const rest = file.slice(name.length)
    if (file.startsWith(name) && /^(\.standby)?(-wal|-shm)?$|^\.backup(\.json)?$|^\.before-/.test(rest))
      rmSync(join(dirname(path), file))
  }
}

function report(when: string, orders: number, missing: number[]): void {
  console.log(`   Orders acknowledged ${when}: ${orders}, of which ${missing.length} are lost.`)
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
