/** How many bytes of a copy will not change any more, from its beginning; for another thread that follows the copy. */
export class CopiedBytes {
  /** For the other side. */
  readonly memory: SharedArrayBuffer
  readonly #cells: BigInt64Array

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#cells = new BigInt64Array(memory)
  }

  get count(): number {
    return Number(Atomics.load(this.#cells, 0))
  }

  advanceTo(bytes: number): void {
    Atomics.store(this.#cells, 0, BigInt(bytes))
  }
}
