import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { systemClock } from '../../../time/clock.js'

/** Of one read, and of one write. */
export const BLOCK_BYTES: number = 1024 * 1024

/**
 * Copies a file by large blocks, by the system's own `dd`. This process must not do that: closing the file would drop the
 * locks of its connections. A runtime started as another process would cost more, and an app that is one binary has none to
 * start.
 */
export class BlockReader {
  readonly #process: ChildProcess
  /** Settles when it has ended; never rejects. */
  readonly #ended: Promise<unknown>
  #over = false
  #said = ''

  private constructor(child: ChildProcess) {
    this.#process = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    const over = (): void => {
      this.#over = true
    }
    // The error is that it could not be killed.
    this.#ended = Promise.race(
      ['close', 'error'].map((event) => new Promise<void>((end) => child.once(event, end))),
    ).then(over)
  }

  /** @returns `undefined` where there is no such program. */
  static async start(source: string, target: string, bytes: number): Promise<BlockReader | undefined> {
    const count = Math.ceil(bytes / BLOCK_BYTES)
    const given = [`if=${source}`, `of=${target}`, `bs=${BLOCK_BYTES}`, `count=${count}`, 'conv=notrunc']
    const child = spawn('dd', given, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    })
    try {
      await once(child, 'spawn')
    } catch {
      // The program is missing, or must not be run; the engine's own copy needs none.
      return undefined
    }
    return new BlockReader(child)
  }

  /** @returns whether all is copied; it may be told early. @throws PersistenceError `DISK_FULL`, `IO_ERROR`. */
  async wait(ms: number): Promise<boolean> {
    let cancel: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      cancel = systemClock.setTimer(resolve, ms, { keepAlive: true })
    })
    await Promise.race([this.#ended, late])
    cancel()
    if (!this.#over) return false
    if (this.#process.exitCode === 0) return true
    const full = /no space left|quota/i.test(this.#said)
    throw new PersistenceError(
      full ? 'DISK_FULL' : 'IO_ERROR',
      'backup',
      `backup: dd could not copy the file (${this.#said.trim()}); ${full ? 'free some space, or choose another disk' : 'check the disk'}`,
    )
  }

  /** Ends it, at once. Nobody waits: it is left for the system to reap. */
  stop(): void {
    if (!this.#over) this.#process.kill('SIGKILL')
  }
}
