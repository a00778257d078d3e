import { endianness } from 'node:os'

const BIG_ENDIAN_HERE = endianness() === 'BE'

/** The running checksum of a write-ahead log: two sums, as 32-bit integers with a sign. */
export class LogChecksum {
  first = 0
  second = 0
  readonly #swapped: boolean

  /** @param bigEndian How the log reads the words that it adds up. It is another order than that of this machine after a move. */
  constructor(bigEndian: boolean) {
    this.#swapped = bigEndian !== BIG_ENDIAN_HERE
  }

  /** Adds `words[from]` up to `words[to]`, an even number of them. */
  add(words: Int32Array, from: number, to: number): void {
    const swapped = this.#swapped
    let { first, second } = this
    for (let at = from; at < to; at += 2) {
      const one = words[at] as number
      const two = words[at + 1] as number
      first = (first + (swapped ? swap(one) : one) + second) | 0
      second = (second + (swapped ? swap(two) : two) + first) | 0
    }
    this.first = first
    this.second = second
  }

  equals(first: number, second: number): boolean {
    return this.first === (first | 0) && this.second === (second | 0)
  }
}

function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
