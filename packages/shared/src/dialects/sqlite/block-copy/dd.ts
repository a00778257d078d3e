import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { pause, systemClock } from '../../../time/clock.js'

/**
 * The size of one read and of one write, in bytes. While others commit, dd flushes each write: with larger blocks a commit waits
 * longer for the disk, with smaller ones the copy takes longer where a flush is slow (decision 41).
 */
export const BLOCK_BYTES: number = 512 * 1024

/**
 * How a dd copies. Not every dd has the options of the first two.
 *
 * - `fast`: it reports its progress each second. So it ends 2 s after this process has died, because reporting fails then.
 * - `yields`: also, it flushes each block to the disk before it reads the next one.
 * - `plain`: it does neither, and copies to the end even if this process dies.
 */
export type CopyPace = 'fast' | 'yields' | 'plain'

/** What dd is to copy, and how. */
export interface DdOrder {
  readonly source: string
  readonly target: string
  /** The number of bytes that are copied already, a multiple of {@link BLOCK_BYTES}. */
  readonly from: number
  /** The size of the whole target. */
  readonly bytes: number
  readonly pace: CopyPace
}

const POLL_MS = 5

// The reports of dd, each second and at its end, also after an error.
const COUNTED = /^\d+(\+\d+)? (records|bytes) .*\n?/gm

// Only at the end of a line, because the output also contains the name of the file.
const FULL = /: (no space left on device|(dis[ck] )?quota exceeded)$/im

const run = promisify(execFile)

/**
 * Reads the first bytes of a file.
 *
 * @param between Called at intervals. If it throws, dd is ended.
 * @returns fewer bytes if the file is shorter, and none if dd cannot read it.
 */
export async function readByDd(path: string, bytes: number, between: () => void): Promise<Buffer> {
  const end = new AbortController()
  const read = readUntil(end.signal, path, bytes)
  try {
    for (;;) {
      const found = await Promise.race([read, pause(POLL_MS)])
      if (found !== undefined) return found
      between()
    }
  } finally {
    end.abort()
  }
}

async function readUntil(signal: AbortSignal, path: string, bytes: number): Promise<Buffer> {
  const given = [`if=${path}`, `bs=${bytes}`, 'count=1']
  try {
    return (await run('dd', given, { encoding: 'buffer', signal, killSignal: 'SIGKILL' })).stdout
  } catch {
    // There is no such program, this process may not start it, or the caller has ended it.
    return Buffer.alloc(0)
  }
}

/**
 * A process of the system's `dd` that copies a file by large blocks. This process must not read the file itself: closing it would
 * release the locks of its connections. A runtime as another process would cost more, and an app that is one binary cannot start
 * one.
 */
export class DdCopy {
  readonly #process: ChildProcess
  #over = false
  #said = ''
  #onOver: () => void = () => undefined

  private constructor(child: ChildProcess) {
    this.#process = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    const over = (): void => {
      this.#over = true
      this.#onOver()
    }
    // After it has started, an error means that it could not be killed.
    child.once('close', over).once('error', over)
  }

  /** @returns `undefined` if there is no such program, or if this process may not start it. */
  static async start({ source, target, from, bytes, pace }: DdOrder): Promise<DdCopy | undefined> {
    const [at, blocks] = [from / BLOCK_BYTES, Math.ceil((bytes - from) / BLOCK_BYTES)]
    const given = [`if=${source}`, `of=${target}`, `bs=${BLOCK_BYTES}`, `skip=${at}`, `seek=${at}`, `count=${blocks}`]
    given.push('conv=notrunc')
    if (pace === 'yields') given.push('oflag=dsync')
    if (pace !== 'plain') given.push('status=progress')
    try {
      const child = spawn('dd', given, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, LC_ALL: 'C' },
        // A terminal sends SIGINT to the whole process group. An app that handles it would lose its running backup.
        detached: true,
      })
      await once(child, 'spawn')
      return new DdCopy(child)
    } catch {
      // The caller uses the backup of the engine instead.
      return undefined
    }
  }

  /**
   * Waits for at most `ms`, or until dd has ended.
   *
   * @returns whether everything is copied. @throws PersistenceError `DISK_FULL`, `IO_ERROR`.
   */
  async wait(ms: number): Promise<boolean> {
    await this.#ended(ms)
    if (!this.#over) return false
    const { exitCode, signalCode } = this.#process
    if (exitCode === 0) return true
    const full = FULL.test(this.#said)
    const why = signalCode ? `${signalCode} ended it` : this.#said.replaceAll(COUNTED, '').trim()
    const advice = signalCode ? 'back up again' : full ? 'free some space, or choose another disk' : 'check the disk'
    throw new PersistenceError(
      full ? 'DISK_FULL' : 'IO_ERROR',
      'backup',
      `backup: dd could not copy the file (${why}); ${advice}`,
    )
  }

  /** Kills dd, and waits until it no longer writes. */
  async stop(): Promise<void> {
    if (this.#over) return
    this.#process.kill('SIGKILL')
    await this.#ended()
  }

  /** Waits until dd has ended, at most `ms`. */
  async #ended(ms?: number): Promise<void> {
    if (this.#over) return
    await new Promise<void>((resolve) => {
      const cancel = ms === undefined ? undefined : systemClock.setTimer(resolve, ms, { keepAlive: true })
      this.#onOver = () => {
        cancel?.()
        resolve()
      }
    })
  }
}
