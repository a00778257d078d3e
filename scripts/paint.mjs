import { styleText } from 'node:util'

/**
 * Returns a function that colours text for a stream. It colours on a terminal, unless NO_COLOR is set or TERM is dumb, and
 * everywhere when FORCE_COLOR is set, for terminals behind a pipe.
 *
 * @param {NodeJS.WritableStream & { isTTY?: boolean }} stream
 * @param {Record<string, string | undefined>} [env]
 * @returns {(format: Parameters<typeof styleText>[0], text: string) => string}
 */
export function createPaint(stream, env = process.env) {
  // Not left to styleText: before Node 22.13 it ignores the stream and colours everything.
  return takesColour(stream, env)
    ? (format, text) => styleText(format, text, { validateStream: false })
    : (_, text) => text
}

/**
 * @param {{ isTTY?: boolean }} stream
 * @param {Record<string, string | undefined>} env
 */
function takesColour(stream, { FORCE_COLOR, NO_COLOR, TERM }) {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return stream.isTTY === true && TERM !== 'dumb'
}
