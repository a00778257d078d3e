import { writeSync } from 'node:fs'

/** Writes all of `bytes`: the system may take a part, as when a disk is almost full. */
export function writeAll(file: number, bytes: Buffer, place: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, place + done)
  }
}
