import type { Clock } from '@go-go-scope/persistence-core/public'

// It takes this part of the time at most: an engine that shares the thread of the app holds it for as long.
const SHARE = 1 / 200
const SOONEST_MS = 5_000

/** Something that takes long to read, and so is read rarely, however many ask for it. */
export class Paced<Value> {
  readonly #read: () => Promise<Value>
  readonly #clock: Clock
  #last: Promise<Value> | undefined
  #reading = false
  /** On the monotonic clock. */
  #due = Number.NEGATIVE_INFINITY

  constructor(read: () => Promise<Value>, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** What was read last; who comes first waits for it. @throws what reading threw, and the next one reads again. */
  get(): Promise<Value> {
    if (!this.#reading && this.#clock.monotonic() >= this.#due) this.#start()
    return this.#last as Promise<Value>
  }

  #start(): void {
    this.#reading = true
    const started = this.#clock.monotonic()
    const reading = this.#read()
    // Until the new one is there, the last one is given out.
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
