import { fstatSync, ftruncateSync, statSync } from 'node:fs'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { type CopyPace, DdCopy, type DdOrder } from './dd.js'

type Whole = Pick<DdOrder, 'source' | 'target' | 'bytes'>

/**
 * Copies a file by `dd` as fast as the disk allows until another connection commits. From then on it flushes each block before the
 * next one, because the flush of a commit waits for everything that the copy has passed to the disk.
 */
export class YieldingCopy {
  readonly #order: Whole
  readonly #file: number
  readonly #quiet: string
  #dd: DdCopy
  #pace: CopyPace = 'fast'
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
   * @returns `undefined` if there is no such program, or if this process may not start it.
   */
  static async start(order: Whole, file: number): Promise<YieldingCopy | undefined> {
    // Before dd begins: what throws then leaves no dd behind.
    const quiet = logMark(order.source)
    const dd = await DdCopy.start({ ...order, from: 0, pace: 'fast' })
    return dd && new YieldingCopy(order, file, quiet, dd)
  }

  /**
   * Waits for at most `ms`, or until the current dd has ended.
   *
   * @param done The number of bytes that must not be written again, a multiple of `BLOCK_BYTES`.
   * @returns whether everything is copied.
   * @throws PersistenceError `DISK_FULL`, `IO_ERROR`.
   */
  async wait(ms: number, done: number): Promise<boolean> {
    try {
      if (await this.#dd.wait(ms)) return true
    } catch (error) {
      // This dd may lack the options for reports and flushes. If it has written anything, it has them, and the error is that of a
      // write. It must not be ignored: the system reports a lost write only to the first process that flushes, not to a later dd.
      if (this.#pace === 'plain' || fstatSync(this.#file).size > this.#from) throw error
      await this.#goOn('plain', done)
    }
    if (this.#pace === 'fast' && logMark(this.#order.source) !== this.#quiet) await this.#goOn('yields', done)
    return false
  }

  /** Kills the current dd, and waits until it no longer writes. */
  stop(): Promise<void> {
    return this.#dd.stop()
  }

  async #goOn(pace: CopyPace, from: number): Promise<void> {
    this.#pace = pace
    this.#from = from
    await this.#dd.stop()
    // The length of the copy is its progress.
    ftruncateSync(this.#file, from)
    const dd = await DdCopy.start({ ...this.#order, from, pace })
    if (dd === undefined) {
      throw new PersistenceError('IO_ERROR', 'backup', 'backup: dd could not be started once more; back up again')
    }
    this.#dd = dd
  }
}

/** Returns a text that changes with each commit. Uses stat, because opening and closing the file would drop its locks. */
function logMark(source: string): string {
  const log = statSync(`${source}-wal`, { bigint: true, throwIfNoEntry: false })
  return `${log?.ino} ${log?.size} ${log?.mtimeNs}`
}
