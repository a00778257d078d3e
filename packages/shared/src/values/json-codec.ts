import { decodeExtended, encodeExtended } from './extended-values.js'
import { isPlainJson } from './plain-json.js'
import type { ValueCodec } from './value-codec.js'

// No JSON text starts with "d", so a stored text shows which of the two forms it has.
const EXTENDED = 'dv1:'
const FIRST_OF_EXTENDED = EXTENDED.charCodeAt(0)

/** The default codec. Plain JSON values become plain JSON text; all others become the extended form after `dv1:`. */
export const jsonCodec: ValueCodec = {
  encode: (value) => (isPlainJson(value) ? JSON.stringify(value) : EXTENDED + encodeExtended(value)),
  decode: (text) => (isExtended(text) ? decodeExtended(text.slice(EXTENDED.length)) : JSON.parse(text)),
}

/** The first character nearly always decides, and reading it costs less than a call of `startsWith`. */
function isExtended(text: string): boolean {
  return text.charCodeAt(0) === FIRST_OF_EXTENDED && text.startsWith(EXTENDED)
}
