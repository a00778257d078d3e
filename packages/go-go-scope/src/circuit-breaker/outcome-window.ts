/** The window is kept in this many slices, so that memory does not grow with the request rate. */
const SLICES = 60

interface Slice {
  number: number
  requests: number
  failures: number
}

/** Requests and failures of the last `size` ms, exact to a sixtieth of it. */
export class OutcomeWindow {
  readonly #sliceSize: number
  #slices: Slice[] = []

  constructor(size: number) {
    this.#sliceSize = size / SLICES
  }

  record(failed: boolean): void {
    const number = Math.floor(performance.now() / this.#sliceSize)
    let slice = this.#slices.at(-1)
    if (slice?.number !== number) {
      slice = { number, requests: 0, failures: 0 }
      this.#slices.push(slice)
    }
    slice.requests++
    if (failed) slice.failures++
  }

  get requests(): number {
    return this.#recent().reduce((sum, slice) => sum + slice.requests, 0)
  }

  get failures(): number {
    return this.#recent().reduce((sum, slice) => sum + slice.failures, 0)
  }

  /** 0 to 1; 0 without requests. */
  get errorRate(): number {
    const requests = this.requests
    return requests === 0 ? 0 : this.failures / requests
  }

  clear(): void {
    this.#slices = []
  }

  #recent(): Slice[] {
    const oldest = Math.floor(performance.now() / this.#sliceSize) - SLICES
    if ((this.#slices[0]?.number ?? oldest + 1) <= oldest) {
      this.#slices = this.#slices.filter((slice) => slice.number > oldest)
    }
    return this.#slices
  }
}
