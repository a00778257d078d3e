/** The bytes of a file that grows in place, so that a long recording is applied in time linear in its length. */
export class FileImage {
  #bytes: Buffer
  #length: number

  /** @param bytes Become the image's own. @param room Bytes it may grow to without a copy. */
  constructor(bytes: Buffer = Buffer.alloc(0), room = 0) {
    this.#length = bytes.length
    this.#bytes = bytes
    if (room > bytes.length) this.#growTo(room)
  }

  get length(): number {
    return this.#length
  }

  /** Its content; valid until the next change. */
  get content(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  write(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length
    if (end > this.#bytes.length) this.#growTo(Math.max(end, this.#bytes.length * 2))
    bytes.copy(this.#bytes, offset)
    this.#length = Math.max(this.#length, end)
  }

  truncate(length: number): void {
    if (length > this.#bytes.length) this.#growTo(length)
    // What was cut off must read as zeros when the file grows over it again.
    else this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }

  #growTo(room: number): void {
    const grown = Buffer.alloc(room)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
