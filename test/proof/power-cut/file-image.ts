/** The bytes of a file. It grows in place, so that a long recording is applied in linear time. */
export class FileImage {
  #bytes: Buffer
  #length: number

  /** @param bytes owned by the image @param room the size in bytes up to which it grows without a copy */
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
    // Bytes that were cut off must read as zeros when the file grows over them again.
    else this.#bytes.fill(0, length, this.#length)
    this.#length = length
  }

  #growTo(room: number): void {
    const grown = Buffer.alloc(room)
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
