import { type ErrorForm, errorOf } from '../../../errors/error-form.js'
import { isError } from '../../../errors/is-error.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { type Clock, setRealTimer, systemClock } from '../../../time/clock.js'
import { StopFlag } from './stop-flag.js'
import type { StartWorker, WorkerLike } from './worker.js'

/** What a thread is to do. It is structurally cloned. */
export interface Order {
  /** The name of the engine, from its driver. */
  readonly engine: string
  /** The name of the job in serve-thread.ts of the front ends. */
  readonly job: string
  /** The operation that the caller has called, if the job has another name. */
  readonly operation?: string
  readonly input: unknown
}

/** The data with which a thread is started. */
export interface ThreadData extends Order {
  readonly memory: SharedArrayBuffer
}

/** The messages that a thread sends. After one that says `stays` it keeps running, so that it closes no handle; see kept-open.ts. */
export type ThreadMessage =
  | { readonly event: unknown }
  | ({ readonly stays: boolean } & ({ readonly result: unknown } | { readonly error: ErrorForm }))

// Limits the time until the modules of a thread are loaded, which takes long on a loaded machine or with a TypeScript compiler. A
// module that is not ours never begins, and may run forever.
const LONGEST_START_MS = 30_000
const NOT_BEGUN = `it has not begun within ${LONGEST_START_MS} ms: what worker starts must import the export "./thread" of the package`
// How long the process waits for a thread at exit. An engine that is still working after that aborts the process with SIGABRT.
const LONGEST_WAIT_MS = 5_000

const METHODS = ['on', 'postMessage', 'ref', 'unref'] as const satisfies (keyof WorkerLike)[]

const running = new Set<StopFlag>()

/**
 * One job in its own thread, with its own connections. The thread is never terminated, because an engine that is working then
 * would abort the process. {@link stop} requests its end.
 */
export class EngineThread<Event, Result> {
  /** @throws PersistenceError what the job threw; `ENGINE_MISSING` when the thread does not begin, or dies. */
  readonly result: Promise<Result>
  /** Settles when the thread is gone, will never begin, or stays for good; never rejects. */
  readonly gone: Promise<void>
  readonly #stop = new StopFlag()
  readonly #worker: WorkerLike

  /**
   * @param onEvent Called with each event of the job.
   * @param clock The clock for the start timeout.
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
    track(this.#stop)
    let left: () => void = () => undefined
    this.gone = new Promise((resolve) => {
      left = resolve
    })
    this.result = new Promise((resolve, reject) => {
      const over = (cause?: unknown): void => {
        cancel()
        untrack(this.#stop)
        left()
        reject(cannotRun(order, cause))
      }
      const giveUp = (): void => {
        if (!this.#stop.giveUp()) return
        worker.unref()
        over(new Error(NOT_BEGUN))
      }
      // A thread starts in real time. Under fake timers of an app, hours pass at once and would leave it no time.
      const cancel =
        clock === systemClock ? setRealTimer(giveUp, LONGEST_START_MS) : clock.setTimer(giveUp, LONGEST_START_MS)
      worker.on('message', (sent) => {
        const message = Object(sent) as ThreadMessage
        if ('event' in message) return onEvent(message.event as Event)
        // It comes from the app's own module, or from Node: with `node --watch`, a thread reports each module that it loads.
        if (!('stays' in message)) return
        if (message.stays) {
          this.unref()
          left()
        }
        if ('result' in message) resolve(message.result as Result)
        else reject(errorOf(message.error))
      })
      worker.on('error', (cause) => reject(cannotRun(order, cause)))
      worker.on('exit', () => over())
    })
    // The owner may look at the result later, or only stop the thread.
    this.result.catch(() => undefined)
  }

  /** Sends a message to the job. */
  send(message: unknown): void {
    this.#worker.postMessage(message)
  }

  /** Requests the end of the job, even while an engine blocks its thread. @returns `false` if it comes too late. */
  stop(): boolean {
    const accepted = this.#stop.request()
    this.#worker.postMessage(undefined)
    return accepted
  }

  /** Keeps the process alive, which is the default of a started thread. */
  ref(): void {
    this.#worker.ref()
  }

  /** Lets the process exit while the thread is working. */
  unref(): void {
    this.#worker.unref()
  }
}

function startWorker(start: StartWorker, data: ThreadData): WorkerLike {
  let worker: WorkerLike
  try {
    const workerData = { goGoScope: data }
    // A thread inherits the flags of the process, and Node refuses this one for a thread that runs a file.
    const { NODE_OPTIONS = '' } = process.env
    const left = NODE_OPTIONS.replace(/"?--input-type[= ]\S+/g, '')
    const isText = left !== NODE_OPTIONS || process.execArgv.some((flag) => flag.startsWith('--input-type'))
    worker = start({ workerData, ...(isText && { execArgv: [], env: { ...process.env, NODE_OPTIONS: left } }) })
  } catch (cause) {
    throw cannotRun(data, cause)
  }
  const lacks = METHODS.find((name) => typeof worker?.[name] !== 'function')
  if (lacks === undefined) return worker
  throw cannotRun(data, new TypeError(`what starts it gave an object without ${lacks}(); give a Worker`))
}

function track(stop: StopFlag): void {
  if (running.size === 0) process.on('exit', stopAll)
  running.add(stop)
}

function untrack(stop: StopFlag): void {
  running.delete(stop)
  if (running.size === 0) process.off('exit', stopAll)
}

function stopAll(): void {
  for (const stop of running) stop.request()
  for (const stop of running) if (!stop.giveUp()) stop.waitUntilFinished(LONGEST_WAIT_MS)
}

function cannotRun({ engine, job, operation = job }: Order, cause: unknown): PersistenceError {
  const reason = isError(cause) ? cause.message : 'it ended without an answer'
  return new PersistenceError(
    'ENGINE_MISSING',
    operation,
    `${operation}: the thread for ${engine} failed (${reason}); in an app that is bundled, bundle the export "./thread" of the package as well and pass worker`,
    cause,
  )
}
