import { fstatSync, ftruncateSync, statSync } from 'node:fs'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { DdCopy, type DdOrder } from './dd.js'

type Whole = Pick<DdOrder, 'source' | 'target' | 'bytes'>

/**
 * Copies a file by `dd` as fast as the disk can while nobody commits. From the first commit on, each block is flushed before the
 * next one: the flush of a commit waits for all that the copy has handed to the disk.
 */
export class YieldingCopy {
  readonly #order: Whole
  readonly #file: number
  readonly #quiet: string
  #dd: DdCopy
  #pace: 'fast' | 'yields' | 'plain' = 'fast'
  /** Bytes of the copy that were there when this dd began. */
  #from = 0

  private constructor(order: Whole, file: number, quiet: string, dd: DdCopy) {
    this.#order = order
    this.#file = file
    this.#quiet = quiet
    this.#dd = dd
  }

  /**
   * @param file A descriptor of the target.
   * @returns `undefined` where there is no dd, and where this process may start none.
   */
  static async start(order: Whole, file: number): Promise<YieldingCopy | undefined> {
    // Before dd begins: what throws then leaves no dd behind.
    const quiet = logMark(order.source)
    const dd = await DdCopy.start({ ...order, from: 0, flushes: false, endsWithUs: true })
    return dd && new YieldingCopy(order, file, quiet, dd)
  }

  /**
   * @param done Bytes of the copy that must not be written again, a multiple of `BLOCK_BYTES`.
   * @returns whether all is copied; it may be told early.
   * @throws PersistenceError `DISK_FULL`, `IO_ERROR`.
   */
  async wait(ms: number, done: number): Promise<boolean> {
    try {
      if (await this.#dd.wait(ms)) return true
    } catch (error) {
      // This dd may not know how to tell or how to flush. One that has written does: the system tells a lost write to whoever flushes
      // first, and to no later dd.
      if (this.#pace === 'plain' || fstatSync(this.#file).size > this.#from) throw error
      await this.#goOn('plain', done)
    }
    if (this.#pace === 'fast' && logMark(this.#order.source) !== this.#quiet) await this.#goOn('yields', done)
    return false
  }

  /** Ends it, and waits until it writes no more. */
  stop(): Promise<void> {
    return this.#dd.stop()
  }

  async #goOn(pace: 'yields' | 'plain', from: number): Promise<void> {
    this.#pace = pace
    this.#from = from
    await this.#dd.stop()
    // By its length the copy tells how far it is.
    ftruncateSync(this.#file, from)
    const yields = pace === 'yields'
    const dd = await DdCopy.start({ ...this.#order, from, flushes: yields, endsWithUs: yields })
    if (dd === undefined) {
      throw new PersistenceError('IO_ERROR', 'backup', 'backup: dd could not be started once more; back up again')
    }
    this.#dd = dd
  }
}

/** Another one after each commit. By stat, never by opening the file. */
function logMark(source: string): string {
  const log = statSync(`${source}-wal`, { bigint: true, throwIfNoEntry: false })
  return `${log?.ino} ${log?.size} ${log?.mtimeNs}`
}
