import type { TakeRows } from '../../../driver/driver.js'
import { DisconnectedError } from '../../../errors/disconnected-error.js'
import { isError } from '../../../errors/is-error.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Answer } from '../../../remote/wire/answer.js'
import { AnswerReader } from '../../../remote/wire/answer-reader.js'
import { PacedSending } from '../../../remote/wire/paced-sending.js'
import type { Item } from '../../../remote/wire/protocol.js'
import { Reader } from '../../../remote/wire/reader.js'
import type { Clock } from '../../../time/clock.js'
import { fileIdentity } from '../file/file-identity.js'
import { EngineThread } from '../thread/engine-thread.js'
import type { StartWorker } from '../thread/worker.js'
import { command, type EngineInput, OPENED } from './commands.js'

/** How to open a connection, the first time and after its thread has died. */
export interface EngineSource {
  readonly startWorker: StartWorker
  /** The name of the engine, from its driver. */
  readonly engine: string
  readonly clock: Clock
  /** Called when the thread is started. */
  input(): EngineInput
  /** The file that must be at the path when the connection is reopened. */
  readonly file: { readonly path: string; readonly identity: string } | undefined
}

interface Pending {
  resolve(answer: Answer): void
  reject(error: unknown): void
  readonly take?: TakeRows | undefined
}

type Thread = EngineThread<readonly Item[], undefined>

/**
 * A connection of an engine in its own thread. The first request starts the thread; a request after the thread has died starts
 * another one. The thread keeps the process alive while a request is pending.
 */
export class EngineConnection {
  readonly #source: EngineSource
  readonly #pending = new Map<number, Pending>()
  #lastRequest = OPENED
  /** Numbers of the statements that the thread knows, by their SQL. */
  #declared = new Map<string, number>()
  /** Numbers are never reused within a thread, because it may have prepared the statement of each. */
  #lastStatement = 0
  #opening: Promise<void> | undefined
  /** The thread, while it has an open connection. */
  #thread: Thread | undefined
  /** Sends to {@link #last}. */
  #sending: PacedSending<readonly Item[]> | undefined
  /** The thread that was started last. */
  #last: Thread | undefined
  #closed = false
  /** How many times the thread has opened its connection. */
  openings = 0

  constructor(source: EngineSource) {
    this.#source = source
  }

  /**
   * Starts the thread, unless it is running. @throws the error of opening; PersistenceError `ENGINE_MISSING`, `FILE_REPLACED`.
   */
  open(): Promise<void> {
    if (this.#thread !== undefined) return Promise.resolve()
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /**
   * Sends a request to the thread.
   *
   * @param write Writes the items of the request, which has that number.
   * @param take Receives the first rows of a long answer. The returned answer is then without them.
   * @throws the error of the engine; {@link DisconnectedError} when the thread dies.
   */
  ask(write: (out: Item[], request: number) => void, take?: TakeRows): Promise<Answer> {
    return this.#thread === undefined ? this.open().then(() => this.#send(write, take)) : this.#send(write, take)
  }

  /**
   * Returns the number of a statement and declares it to the thread once. Call it before writing the other items of a message.
   */
  declare(out: Item[], sql: string): number {
    let number = this.#declared.get(sql)
    if (number === undefined) {
      number = ++this.#lastStatement
      this.#declared.set(sql, number)
      out.push(command.declare, number, sql)
    }
    return number
  }

  /** Closes the connection and ends the thread. @param split As for a driver. @throws the error of the engine. */
  async close(split = false): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => undefined) // Its caller has received the error.
    const thread = this.#thread
    if (thread === undefined) return
    thread.ref()
    this.#sending?.send([command.close, Number(split)], fail)
    await thread.result
    await thread.gone
    this.#thread = undefined
  }

  async #open(): Promise<void> {
    const { startWorker, engine, clock, file } = this.#source
    if (this.#last !== undefined) {
      await this.#last.gone
      if (file !== undefined && (await fileIdentity(file.path)) !== file.identity) throw replaced(file.path)
    }
    if (this.#closed) throw new PersistenceError('CLOSED', 'connect', 'connect: the connection was closed meanwhile')
    this.#declared = new Map()
    const opened = new Promise<Answer>((resolve, reject) => this.#pending.set(OPENED, { resolve, reject }))
    const answers = new AnswerReader({
      answered: (request, answer) => this.#take(request)?.resolve(answer),
      refused: (request, error) => this.#take(request)?.reject(error),
      pieceCame: (request) => {
        sending.send([command.more, request], fail)
        return this.#pending.get(request)?.take
      },
    })
    const sending = new PacedSending<readonly Item[]>((message) => thread.send(message))
    const input = this.#source.input()
    const thread: Thread = new EngineThread(
      startWorker,
      { engine, job: 'engine', input },
      (message: readonly Item[]) => {
        for (const reader = new Reader(message); reader.more; ) answers.read(reader.count(), reader)
      },
      clock,
    )
    this.#last = thread
    this.#sending = sending
    thread.result.catch((error: unknown) => this.#died(error))
    await opened
    this.openings++
    this.#thread = thread
    this.#restIfIdle()
  }

  #send(write: (out: Item[], request: number) => void, take: TakeRows | undefined): Promise<Answer> {
    const thread = this.#thread
    if (thread === undefined) return Promise.reject(ended(this.#source.engine, undefined))
    const request = ++this.#lastRequest
    const message: Item[] = []
    write(message, request)
    if (this.#pending.size === 0) thread.ref()
    return new Promise((resolve, reject) => {
      this.#pending.set(request, { resolve, reject, take })
      this.#sending?.send(message, (error) => {
        // The declarations in this message were lost with it. Those of earlier messages are also sent again.
        this.#declared = new Map()
        this.#take(request)?.reject(error)
      })
    })
  }

  #take(request: number): Pending | undefined {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    this.#restIfIdle()
    return pending
  }

  #restIfIdle(): void {
    if (this.#pending.size === 0) this.#thread?.unref()
  }

  #died(error: unknown): void {
    const isOpening = this.#pending.has(OPENED)
    this.#thread = undefined
    const all = [...this.#pending.values()]
    this.#pending.clear()
    const reason = isOpening ? error : ended(this.#source.engine, error)
    for (const { reject } of all) reject(reason)
  }
}

/** Used for messages that contain only numbers, which can always be sent. */
function fail(error: unknown): never {
  throw error
}

function ended(engine: string, cause: unknown): DisconnectedError {
  const why = isError(cause) && isError(cause.cause) ? ` (${cause.cause.message})` : ''
  return new DisconnectedError('connect', 'unknown', `connect: the thread of ${engine} has ended${why}`)
}

function replaced(path: string): PersistenceError {
  return new PersistenceError(
    'FILE_REPLACED',
    'connect',
    `connect: the thread of the engine ended, and ${path} is another file now, or none; open it again`,
  )
}
