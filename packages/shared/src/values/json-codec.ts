import { decodeExtended, encodeExtended } from './extended-values.js'
import { isPlainJson } from './plain-json.js'
import type { ValueCodec } from './value-codec.js'

// No JSON text starts with "d", so a stored text tells by itself which of the two it is.
const EXTENDED = 'dv1:'
const FIRST_OF_EXTENDED = EXTENDED.charCodeAt(0)

/** The default codec: plain JSON as plain JSON text, everything JSON would lose in the extended form behind `dv1:`. */
export const jsonCodec: ValueCodec = {
  encode: (value) => (isPlainJson(value) ? JSON.stringify(value) : EXTENDED + encodeExtended(value)),
  decode: (text) => (isExtended(text) ? decodeExtended(text.slice(EXTENDED.length)) : JSON.parse(text)),
}

/** The first character decides nearly always, and to look at it costs less than the call of `startsWith`. */
function isExtended(text: string): boolean {
  return text.charCodeAt(0) === FIRST_OF_EXTENDED && text.startsWith(EXTENDED)
}
