import { writeSync } from 'node:fs'

/** Writes all of `bytes`. The system may write only a part at once, for example if a disk is almost full. */
export function writeAll(file: number, bytes: Buffer, place: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, place + done)
  }
}
