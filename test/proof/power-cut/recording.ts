import { readFileSync } from 'node:fs'

/** One recorded call of the writer. */
export type Recorded =
  | { type: 'open'; file: number; name: string }
  | { type: 'write'; file: number; offset: number; bytes: Buffer }
  | { type: 'truncate'; file: number; length: number }
  | { type: 'flush'; file: number }
  | { type: 'remove'; name: string }
  | { type: 'link'; from: string; to: string }
  | { type: 'rename'; from: string; to: string }
  | { type: 'flush-folder' }
  | { type: 'acknowledge'; last: number }

const HEAD_BYTES = 17

/** Reads a file of recorder.c. */
export function readRecording(path: string): Recorded[] {
  const log = readFileSync(path)
  const events: Recorded[] = []
  for (let at = 0; at < log.length; ) {
    const type = String.fromCharCode(log.readUInt8(at))
    const file = log.readUInt32LE(at + 1)
    const number = Number(log.readBigUInt64LE(at + 5))
    const length = log.readUInt32LE(at + 13)
    const bytes = log.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    events.push(toEvent(type, file, number, bytes))
    at += HEAD_BYTES + length
  }
  return events
}

function toEvent(type: string, file: number, number: number, bytes: Buffer): Recorded {
  switch (type) {
    case 'O':
      return { type: 'open', file, name: bytes.toString() }
    case 'W':
      return { type: 'write', file, offset: number, bytes }
    case 'T':
      return { type: 'truncate', file, length: number }
    case 'S':
      return { type: 'flush', file }
    case 'U':
      return { type: 'remove', name: bytes.toString() }
    case 'L':
    case 'R': {
      const [from = '', to = ''] = bytes.toString().split('\0')
      return { type: type === 'L' ? 'link' : 'rename', from, to }
    }
    case 'D':
      return { type: 'flush-folder' }
    case 'A':
      return { type: 'acknowledge', last: number }
    default:
      throw new Error(`the recording has an event of type ${JSON.stringify(type)}`)
  }
}
