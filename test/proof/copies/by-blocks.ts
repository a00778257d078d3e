import { createRequire } from 'node:module'
import { delimiter } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { engines } from '../../../scripts/engines.mjs'
import { cell, engine } from '../../cells/cell.js'

export const THREAD = pathToFileURL(
  createRequire(import.meta.url).resolve(`@go-go-scope/${engines[cell.engine].package}/thread`),
)
const HINDERED_THREAD = new URL('hindered-thread.mjs', import.meta.url)
/** The folder of a dd that does what the environment says. */
export const SLOW_DD = fileURLToPath(new URL('slow-dd', import.meta.url))

interface StartedThread {
  workerData: { goGoScope: { job: string; input: { largeBytes?: number } } }
}

export interface Way {
  /** Bytes from which on a copy is a large one. */
  readonly largeBytes?: number
  /** Whether dd takes its time. */
  readonly slow?: boolean
  /** Instead of the environment's. */
  readonly path?: string
  /** What a slow dd does instead. */
  readonly dd?: 'ends early' | 'is ended' | 'knows no flags' | 'knows no status' | 'never reads' | `says ${string}`
  /** What the system does in the thread. */
  readonly hindrance?: 'contents left out' | 'short writes' | 'no right to write' | 'no programs' | 'no sizes'
  readonly onJob?: (job: string) => void
  /** A file for each start of a slow dd: the block it begins with, and how it writes. Of one that never reads: its process. */
  readonly starts?: string
}

/** Starts the threads of copies that are made by blocks, whatever their size. */
export function byBlocks({ largeBytes = 0, slow = false, path, dd, hindrance, onJob, starts }: Way = {}) {
  return (options: object): Worker => {
    const { job, input } = (options as StartedThread).workerData.goGoScope
    if (input.largeBytes !== undefined) Object.assign(input, { largeBytes })
    onJob?.(job)
    const PATH = path ?? (slow || dd ? `${SLOW_DD}${delimiter}${process.env.PATH}` : process.env.PATH)
    const env = {
      ...process.env,
      PATH,
      ...(dd && { DD: dd }),
      ...(starts && { DD_STARTS: starts }),
      THREAD: THREAD.href,
      HINDRANCE: hindrance,
    }
    return new Worker(hindrance === undefined ? THREAD : HINDERED_THREAD, { ...options, env })
  }
}

/** The engine of the cell, whose backups are made by blocks. Those that are to be slow have a dd that takes its time. */
export function blockCopies(): EngineUnderTest {
  class BlockAdapter extends engine.SQLiteAdapter {
    static override async open(...args: Parameters<EngineUnderTest['SQLiteAdapter']['open']>) {
      const adapter = await engine.SQLiteAdapter.open(...args)
      const { backup } = adapter
      adapter.backup = (path, { maxBytesPerSecond, ...options } = {}) =>
        backup.call(adapter, path, { ...options, worker: byBlocks({ slow: maxBytesPerSecond !== undefined }) })
      return adapter
    }
  }
  return { ...engine, SQLiteAdapter: BlockAdapter }
}
