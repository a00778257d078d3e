import { type ErrorForm, errorOf } from '../../../errors/error-form.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { type Clock, setRealTimer, systemClock } from '../../../time/clock.js'
import { StopFlag } from './stop-flag.js'
import type { StartWorker, WorkerLike } from './worker.js'

/** What a thread is started for. It is structurally cloned. */
export interface Order {
  /** The engine, as its driver names it. */
  readonly engine: string
  /** Its name in serve-thread.ts of the front ends' room. */
  readonly job: string
  /** What the caller has called, where the job has another name. */
  readonly operation?: string
  readonly input: unknown
}

/** What a thread is started with. */
export interface ThreadData extends Order {
  readonly memory: SharedArrayBuffer
}

/** What a thread sends. */
export type ThreadMessage = { readonly event: unknown } | { readonly result: unknown } | { readonly error: ErrorForm }

// Until the modules of a thread are loaded, which takes long on a busy machine or with a compiler of TypeScript. A module
// that is none of ours never begins, and may stay for ever.
const LONGEST_START_MS = 30_000
const NOT_BEGUN = `it has not begun within ${LONGEST_START_MS} ms: what worker starts must import the export "./thread" of the package`
// How long the process waits at its end for a thread: the engines end it with SIGABRT when they are at work then.
const LONGEST_WAIT_MS = 5_000

const METHODS = ['on', 'postMessage', 'ref', 'unref'] as const satisfies (keyof WorkerLike)[]

const running = new Set<StopFlag>()

/**
 * One job in a thread of its own, with connections of its own. It is never terminated: engines that are at work then end
 * the process. {@link stop} asks it to end.
 */
export class EngineThread<Event, Result> {
  /** @throws PersistenceError what the job threw; `ENGINE_MISSING` when the thread does not begin, or dies. */
  readonly result: Promise<Result>
  /** Settles when the thread is gone, or will do nothing; never rejects. */
  readonly gone: Promise<void>
  readonly #stop = new StopFlag()
  readonly #worker: WorkerLike

  /**
   * @param onEvent Called with what the job tells meanwhile.
   * @param clock By which the thread has to begin.
   */
  constructor(
    start: StartWorker,
    order: Order,
    onEvent: (event: Event) => void = () => undefined,
    clock: Clock = systemClock,
  ) {
    const data: ThreadData = { ...order, memory: this.#stop.memory }
    const worker = startWorker(start, data)
    this.#worker = worker
    enter(this.#stop)
    let left: () => void = () => undefined
    this.gone = new Promise((resolve) => {
      left = resolve
    })
    this.result = new Promise((resolve, reject) => {
      const over = (cause?: unknown): void => {
        cancel()
        leave(this.#stop)
        left()
        reject(cannotRun(order, cause))
      }
      const giveUp = (): void => {
        if (!this.#stop.giveUp()) return
        worker.unref()
        over(new Error(NOT_BEGUN))
      }
      // A thread starts in real time: faked timers of an app, whose hours are over at once, would leave it no time.
      const cancel =
        clock === systemClock ? setRealTimer(giveUp, LONGEST_START_MS) : clock.setTimer(giveUp, LONGEST_START_MS)
      worker.on('message', (sent) => {
        const message = sent as ThreadMessage
        if ('event' in message) onEvent(message.event as Event)
        else if ('result' in message) resolve(message.result as Result)
        else reject(this.#failed(message.error))
      })
      worker.on('error', (cause) => reject(cannotRun(order, cause)))
      worker.on('exit', () => over())
    })
    // Its owner may look at it later, or only stop the thread.
    this.result.catch(() => undefined)
  }

  #failed(error: ErrorForm): Error {
    // The thread stays, so as to close nothing; see run-job.ts.
    if (error.code === 'SECOND_LIBRARY') this.unref()
    return errorOf(error)
  }

  /** Tells the job something. */
  send(message: unknown): void {
    this.#worker.postMessage(message)
  }

  /** Asks the job to end, also one that an engine holds. */
  stop(): void {
    this.#stop.request()
    this.#worker.postMessage(undefined)
  }

  /** Keeps the process alive, as a thread does that was started. */
  ref(): void {
    this.#worker.ref()
  }

  /** Lets the process end while the thread is at work. */
  unref(): void {
    this.#worker.unref()
  }
}

function startWorker(start: StartWorker, data: ThreadData): WorkerLike {
  let worker: WorkerLike
  try {
    worker = start({ workerData: { goGoScope: data } })
  } catch (cause) {
    throw cannotRun(data, cause)
  }
  const lacks = METHODS.find((name) => typeof worker?.[name] !== 'function')
  if (lacks === undefined) return worker
  throw cannotRun(data, new TypeError(`what starts it gave an object without ${lacks}(); give a Worker`))
}

function enter(stop: StopFlag): void {
  if (running.size === 0) process.on('exit', stopAll)
  running.add(stop)
}

function leave(stop: StopFlag): void {
  running.delete(stop)
  if (running.size === 0) process.off('exit', stopAll)
}

function stopAll(): void {
  for (const stop of running) stop.request()
  for (const stop of running) if (!stop.giveUp()) stop.waitUntilOver(LONGEST_WAIT_MS)
}

function cannotRun({ engine, job, operation = job }: Order, cause: unknown): PersistenceError {
  const reason = cause instanceof Error ? cause.message : 'it ended without an answer'
  return new PersistenceError(
    'ENGINE_MISSING',
    operation,
    `${operation}: the thread for ${engine} failed (${reason}); in an app that is bundled, bundle the export "./thread" of the package as well and pass worker`,
    cause,
  )
}
