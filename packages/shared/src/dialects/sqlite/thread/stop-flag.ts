import { PersistenceError } from '../../../errors/persistence-error.js'

const REQUESTED = 0
const FINISHED = 1
const START = 2
const BEGUN = 1
const GIVEN_UP = 2
const COMMITTED = 2

/**
 * Shared flags between a thread and its starter, without messages: a thread that an engine blocks reads no messages, and at exit
 * no thread does.
 */
export class StopFlag {
  /** The memory for the other side. */
  readonly memory: SharedArrayBuffer
  readonly #cells: Int32Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#cells = new Int32Array(memory)
  }

  /** Whether the thread is to stop. */
  get requested(): boolean {
    return Atomics.load(this.#cells, REQUESTED) === 1
  }

  /** @throws PersistenceError `CLOSED` if the thread is to stop. Its caller reports the reason for the stop instead. */
  throwIfRequested(): void {
    if (this.requested) throw new PersistenceError('CLOSED', 'backup', 'backup: it was asked to stop')
  }

  /** Requests the end. @returns `false` if it comes too late, after {@link commit}. */
  request(): boolean {
    const accepted = Atomics.compareExchange(this.#cells, REQUESTED, 0, 1) !== COMMITTED
    Atomics.notify(this.#cells, REQUESTED)
    return accepted
  }

  /** Begins what cannot be undone: {@link request} then has no effect. @throws PersistenceError as {@link throwIfRequested}. */
  commit(): void {
    Atomics.compareExchange(this.#cells, REQUESTED, 0, COMMITTED)
    this.throwIfRequested()
  }

  /** Blocks this thread for `ms`, or until the stop is requested. */
  wait(ms: number): void {
    Atomics.wait(this.#cells, REQUESTED, 0, ms)
  }

  /**
   * Records that the code of the thread has begun. @returns whether the starter still waits, and this is the first module that
   * begins.
   */
  start(): boolean {
    return Atomics.compareExchange(this.#cells, START, 0, BEGUN) === 0
  }

  /** Stops waiting for the code of the thread. @returns whether it has not begun, and so never will. */
  giveUp(): boolean {
    return Atomics.compareExchange(this.#cells, START, 0, GIVEN_UP) === 0
  }

  /** Claims the next piece of work, after {@link finish}. @returns whether the thread may begin it. */
  begin(): boolean {
    Atomics.store(this.#cells, FINISHED, 0)
    // The order matters: the side that requests the stop reads the other cell afterwards.
    if (!this.requested) return true
    this.finish()
    return false
  }

  /** Records that the thread has ended its work. */
  finish(): void {
    Atomics.store(this.#cells, FINISHED, 1)
    Atomics.notify(this.#cells, FINISHED)
  }

  /** Blocks this thread until the other one has ended its work, at most `ms`. */
  waitUntilFinished(ms: number): void {
    Atomics.wait(this.#cells, FINISHED, 0, ms)
  }
}
