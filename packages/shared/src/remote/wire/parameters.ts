import type { SqlValue } from '../../driver/driver.js'

/** Writes the number of parameters and the parameters. */
export function writeParameters(out: SqlValue[], parameters: readonly SqlValue[]): void {
  out.push(parameters.length)
  for (const parameter of parameters) out.push(crossing(parameter))
}

/** Copies a view of a larger buffer: cloning the view would clone the whole buffer. */
export function crossing(value: SqlValue): SqlValue {
  return typeof value === 'object' && value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
    ? new Uint8Array(value)
    : value
}
