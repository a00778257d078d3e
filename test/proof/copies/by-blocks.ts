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
/** The folder of a dd that behaves as the environment says. */
export const SLOW_DD = fileURLToPath(new URL('slow-dd', import.meta.url))

interface StartedThread {
  workerData: { goGoScope: { job: string; input: { largeBytes?: number } } }
}

export interface Way {
  /** The size in bytes from which a copy is made by blocks. */
  readonly largeBytes?: number
  /** Whether dd is slow. */
  readonly slow?: boolean
  /** The PATH, instead of the environment's. */
  readonly path?: string
  /** The behaviour of a slow dd. */
  readonly dd?: 'ends early' | 'is ended' | 'knows no flags' | 'knows no status' | 'never reads' | `says ${string}`
  /** A fault of the system in the thread. */
  readonly hindrance?: 'contents left out' | 'short writes' | 'no right to write' | 'no programs' | 'no sizes'
  readonly onJob?: (job: string) => void
  /** The folder of a file per start of a slow dd: its first block and flags; for a dd that never reads, its process id. */
  readonly starts?: string
}

/** Returns a function that starts the threads of copies, which are made by blocks whatever their size. */
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

/** Returns the engine of the cell with backups by blocks. Slow backups use a slow dd. */
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
