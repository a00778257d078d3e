const REQUESTED = 0
const OVER = 1
const START = 2
const BEGUN = 1
const GIVEN_UP = 2

/**
 * What a thread and the one that started it tell each other without messages: a thread that an engine holds reads none,
 * and at the end of the process nobody does.
 */
export class StopFlag {
  /** For the other side. */
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

  request(): void {
    this.#set(REQUESTED)
  }

  /** Holds this thread for `ms`, or until the stop is requested. */
  wait(ms: number): void {
    Atomics.wait(this.#cells, REQUESTED, 0, ms)
  }

  /** The code of the thread begins. @returns whether it is waited for, and this is the first of its modules that begins. */
  start(): boolean {
    return Atomics.compareExchange(this.#cells, START, 0, BEGUN) === 0
  }

  /** Waits no longer for the code of the thread. @returns whether it has not begun, and so will not. */
  giveUp(): boolean {
    return Atomics.compareExchange(this.#cells, START, 0, GIVEN_UP) === 0
  }

  /** The thread begins to work, after {@link over}. @returns whether it may. */
  begin(): boolean {
    Atomics.store(this.#cells, OVER, 0)
    // In this order: who requests the stop looks at the other cell after that.
    if (!this.requested) return true
    this.over()
    return false
  }

  /** The thread has ended its work. */
  over(): void {
    this.#set(OVER)
  }

  /** Holds this thread until the other has ended its work, for `ms` at most. */
  waitUntilOver(ms: number): void {
    Atomics.wait(this.#cells, OVER, 0, ms)
  }

  #set(cell: number): void {
    Atomics.store(this.#cells, cell, 1)
    Atomics.notify(this.#cells, cell)
  }
}
