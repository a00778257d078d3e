import { endianness } from 'node:os'

const BIG_ENDIAN_HERE = endianness() === 'BE'

/** The running checksum of a write-ahead log: two sums, as signed 32-bit integers. */
export class LogChecksum {
  first = 0
  second = 0
  readonly #swapped: boolean

  /** @param bigEndian The byte order of the summed words. It may differ from that of this machine if the file was moved here. */
  constructor(bigEndian: boolean = BIG_ENDIAN_HERE) {
    this.#swapped = bigEndian !== BIG_ENDIAN_HERE
  }

  /** Adds the words from `from` up to, but not including, `to`: an even number of words. */
  add(words: Int32Array | Uint32Array, from: number, to: number): void {
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
