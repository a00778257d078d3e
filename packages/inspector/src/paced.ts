import type { Clock } from '@go-go-scope/persistence-core/public'

// The maximum share of time spent reading, because an engine in the app's thread blocks the event loop meanwhile.
const SHARE = 1 / 200
const SOONEST_MS = 5_000

/** A value that is expensive to read, so it is cached and read rarely, however many callers ask for it. */
export class Paced<Value> {
  readonly #read: () => Promise<Value>
  readonly #clock: Clock
  #last: Promise<Value> | undefined
  #reading = false
  /** When the next read is due, monotonic ms. */
  #due = Number.NEGATIVE_INFINITY

  constructor(read: () => Promise<Value>, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** Returns the last value. The first caller waits for it. @throws the error of reading. The next call reads again. */
  get(): Promise<Value> {
    if (!this.#reading && this.#clock.monotonic() >= this.#due) this.#start()
    return this.#last as Promise<Value>
  }

  #start(): void {
    this.#reading = true
    const started = this.#clock.monotonic()
    const reading = this.#read()
    // The old value is returned until the new one has been read.
    this.#last ??= reading
    reading.then(
      () => {
        const ended = this.#clock.monotonic()
        this.#end(reading, ended + Math.max(SOONEST_MS, (ended - started) / SHARE))
      },
      () => this.#end(undefined, Number.NEGATIVE_INFINITY),
    )
  }

  #end(last: Promise<Value> | undefined, due: number): void {
    this.#last = last
    this.#due = due
    this.#reading = false
  }
}
