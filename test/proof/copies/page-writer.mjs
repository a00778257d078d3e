// page-writer.mjs <engine> <file> <seed> <kind> <pause>: writes its transactions, <pause> ms apart, until it is killed. Meanwhile
// it runs every kind of checkpoint, WALs of all sizes and, if rows come and go, VACUUM. Answers an order with the number of the
// last transaction.
import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { textOf, transactions } from './written-pages.mjs'

const [path = '', seed = '', kind = '', between = '0'] = processArguments
const contents = kind === 'contents'
const handle = await engine.openHandle(path)
const rows = (/** @type {string} */ sql, /** @type {(string | number)[]} */ params = []) =>
  engine.rows(handle, sql, params)
const any = (/** @type {unknown[]} */ list) => list[Math.floor(Math.random() * list.length)]
let acknowledged = 0

await rows('PRAGMA synchronous = OFF')
// For a busy file, some engines throw and others return a row.
const unless = (/** @type {Promise<unknown>} */ work) => work.catch(() => undefined)

const disturbances = [
  () => rows(`PRAGMA wal_autocheckpoint = ${any([1, 20, 1_000, 100_000])}`),
  () => rows(`PRAGMA wal_checkpoint(${any(['PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'])})`),
  async () => {
    await rows('PRAGMA wal_checkpoint(TRUNCATE)')
    // Gives a copy the chance to begin when the whole WAL is in the file.
    await pause(Math.random() * 60)
  },
  ...(contents ? [] : [() => rows('PRAGMA incremental_vacuum'), () => rows('VACUUM')]),
]

async function begin() {
  for (;;) {
    try {
      return await rows('BEGIN IMMEDIATE')
    } catch {
      // Another writer has the lock.
      await pause(1)
    }
  }
}

async function write() {
  for (const writes of transactions(Number(seed), contents ? 'contents' : 'rows')) {
    const number = acknowledged + 1
    await begin()
    for (const write of writes) {
      if (contents && acknowledged > 0) {
        const values = [textOf(number, write), seed, write.id]
        await rows('UPDATE written SET text = ? WHERE writer = ? AND id = ?', values)
        continue
      }
      await rows('DELETE FROM written WHERE writer = ? AND id = ?', [seed, write.id])
      const values = [seed, write.id, number, textOf(number, write)]
      if (write.size > 0) await rows('INSERT INTO written VALUES (?, ?, ?, ?)', values)
    }
    await rows('INSERT OR REPLACE INTO moments VALUES (?, ?)', [seed, number])
    await rows('COMMIT')
    acknowledged = number
    if (Math.random() < 0.1)
      await unless(Promise.resolve().then(() => /** @type {() => Promise<unknown>} */ (any(disturbances))()))
    await (between === '0' ? setImmediate() : pause(Number(between)))
  }
}

void write()
await takeOrders(async () => acknowledged)
