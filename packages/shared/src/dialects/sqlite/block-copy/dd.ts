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

/** What dd is to copy. */
export interface DdOrder {
  readonly source: string
  readonly target: string
  /** Bytes of the target that are there already, a multiple of {@link BLOCK_BYTES}. */
  readonly from: number
  /** Of the whole target. */
  readonly bytes: number
  /** Whether dd flushes each block to the disk before it reads the next one; not every dd knows how. */
  readonly flushes: boolean
  /**
   * Whether it ends when this process has died, 2 s later: it tells each second how far it is, and then nobody can read that. Not
   * every dd knows how; one that does not copies on to the end.
   */
  readonly endsWithUs: boolean
}

const POLL_MS = 5

// What dd tells each second, and at its end whatever it was.
const COUNTED = /^\d+(\+\d+)? (records|bytes) .*\n?/gm

// Not anywhere in what it says: the name of the file is in it as well.
const FULL = /: (no space left on device|(dis[ck] )?quota exceeded)$/im

const run = promisify(execFile)

/**
 * Reads the first bytes of a file.
 *
 * @param between Called now and then; it may throw, and dd is ended.
 * @returns fewer where it has no more, and none where dd cannot read it.
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
    // There is no such program, this process may start none, or nobody waits for it any more.
    return Buffer.alloc(0)
  }
}

/**
 * The system's own `dd` that copies a file by large blocks. This process must not do that: closing the file would drop the
 * locks of its connections. A runtime started as another process would cost more, and an app that is one binary has none to
 * start.
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
    // The error is that it could not be killed.
    child.once('close', over).once('error', over)
  }

  /** @returns `undefined` where there is no such program, and where this process may start none. */
  static async start({ source, target, from, bytes, flushes, endsWithUs }: DdOrder): Promise<DdCopy | undefined> {
    const [at, blocks] = [from / BLOCK_BYTES, Math.ceil((bytes - from) / BLOCK_BYTES)]
    const given = [`if=${source}`, `of=${target}`, `bs=${BLOCK_BYTES}`, `skip=${at}`, `seek=${at}`, `count=${blocks}`]
    given.push('conv=notrunc')
    if (flushes) given.push('oflag=dsync')
    if (endsWithUs) given.push('status=progress')
    try {
      const child = spawn('dd', given, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, LC_ALL: 'C' },
        // A terminal sends SIGINT to the whole group: an app that handles it would lose the backup it waits for.
        detached: true,
      })
      await once(child, 'spawn')
      return new DdCopy(child)
    } catch {
      // The engine's own copy needs no program.
      return undefined
    }
  }

  /** @returns whether all is copied; it may be told early. @throws PersistenceError `DISK_FULL`, `IO_ERROR`. */
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

  /** Ends it, and waits until it writes no more. */
  async stop(): Promise<void> {
    if (this.#over) return
    this.#process.kill('SIGKILL')
    await this.#ended()
  }

  /** Waits until it has ended, for `ms` at most. */
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
