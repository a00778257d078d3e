import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { expect } from 'vitest'
import { engine } from '../../cells/cell.js'
import { printedSeed } from '../printed-seed.js'
import { otherMember, thisMember } from '../process/members.js'
import { ProofProcess } from '../process/proof-process.js'
import { proofCount } from '../proof-count.js'
import { type Kind, textOf, transactions, type Write } from './written-pages.mjs'

const WRITER = new URL('page-writer.mjs', import.meta.url)
/**
 * ms between two transactions of a writer, so that about twenty fall on each block of a slow copy. All writes are replayed too:
 * without a pause, the same bugs are found with three times the work.
 */
const PAUSE_MS = proofCount({ inTests: 1, inSoak: 0 })
const TABLES = [
  'PRAGMA auto_vacuum = INCREMENTAL',
  'PRAGMA journal_mode = WAL',
  'CREATE TABLE written (writer TEXT, id INTEGER, number INTEGER, text TEXT, PRIMARY KEY (writer, id))',
  'CREATE INDEX written_number ON written (number, writer)',
  'CREATE TABLE moments (writer TEXT PRIMARY KEY, number INTEGER)',
]

interface Comparison {
  /** The folder of files that are named after `kind`. */
  readonly folder: string
  readonly kind: Kind
  readonly copies: number
  /** Returns the function that starts the threads of a copy. */
  worker(copy: number): (options: object) => Worker
}

/**
 * Copies a file while two processes write to it, and compares each copy with a replay of the writes up to its moment.
 *
 * @returns the number of compared rows.
 */
export async function compareCopies({ folder, kind, copies, worker }: Comparison): Promise<number> {
  const [source, target] = [join(folder, `app.db-${kind}`), join(folder, 'copy.db')]
  for (const suffix of ['', '-wal', '-shm']) rmSync(source + suffix, { force: true })
  const seed = printedSeed(`copies by blocks of ${kind}`)
  await rowsOf(source, TABLES)
  const writers = [seed, seed + 1].map(String)
  const processes = writers.map(
    (writer, at) => new ProofProcess(at === 0 ? thisMember : otherMember, WRITER, [source, writer, kind, PAUSE_MS]),
  )
  let compared = 0
  await using adapter = await engine.SQLiteAdapter.open(source)
  await withProcesses(processes, async () => {
    await Promise.all(processes.map((one) => one.ready()))
    for (const one of processes) while ((await one.ask<number>('number')) === 0) await pause(5)
    for (let copy = 0; copy < copies; copy++) {
      for (const name of [target, `${target}.json`]) rmSync(name, { force: true })
      await pause(Math.random() * 200)
      const acknowledged = await Promise.all(processes.map((one) => one.ask<number>('number')))
      const backup = await adapter.backup(target, { worker: worker(copy) } as object)
      // Stopped during the check: further writes would not change the copy, but use both cores and prolong the next replay.
      for (const one of processes) one.signal('SIGSTOP')
      expect(backup.sha256).toBe(createHash('sha256').update(readFileSync(target)).digest('hex'))
      const [moments = [], rows = []] = await rowsOf(target, ['SELECT * FROM moments', 'SELECT * FROM written'])
      for (const [at, writer] of writers.entries()) {
        const last = Number(moments.find((row) => row.writer === writer)?.number ?? 0)
        expect(last).toBeGreaterThanOrEqual(acknowledged[at] as number)
        const own = rows.filter((row) => row.writer === writer)
        const found = own.map(({ id, text }) => [Number(id), String(text)] as const)
        expect(digest(found), `rows of writer ${writer} at ${last}`).toBe(digest(replayed(writer, kind, last)))
        compared += own.length
      }
      for (const one of processes) one.signal('SIGCONT')
    }
  })
  return compared
}

/** Returns the rows of statements on a separate connection. */
export async function rowsOf(path: string, statements: readonly string[]): Promise<Record<string, unknown>[][]> {
  const handle = await engine.openHandle(path)
  try {
    const found = []
    for (const sql of statements) found.push(await engine.rows(handle, sql))
    return found
  } finally {
    await engine.closeHandle(handle)
  }
}

/** Returns what a writer has written up to one of its transactions. */
function replayed(writer: string, kind: Kind, last: number): Map<number, string> {
  const written = new Map<number, { number: number; write: Write }>()
  let number = 0
  for (const writes of transactions(Number(writer), kind)) {
    // Only the texts of the last writes are computed, because most were overwritten.
    if (number++ === last) return new Map([...written].map(([id, { number, write }]) => [id, textOf(number, write)]))
    for (const write of writes) {
      if (write.size === 0) written.delete(write.id)
      else written.set(write.id, { number, write })
    }
  }
  throw new Error('there is always a next one')
}

function digest(texts: Iterable<readonly [number, string]>): string {
  const sorted = [...texts].toSorted(([a], [b]) => a - b)
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex')
}
