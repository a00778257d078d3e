import { pipeline } from 'node:stream/promises'
import { TextDecoder } from 'node:util'
import { UsageError } from '../exit-codes.js'
import { makeFile } from '../new-file.js'

/** Yields the lines of a text as they arrive. `node:readline` would also split at U+2028, which JSON may contain. */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let begun: string[] = []
  for await (const bytes of source) {
    const [first = '', ...others] = decodedBy(decoder, bytes).split('\n')
    begun.push(first)
    for (const next of others) {
      yield begun.join('')
      begun = [next]
    }
  }
  const last = begun.join('')
  if (last !== '') yield last
}

function decodedBy(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: true })
  } catch (cause) {
    throw new UsageError('this is no export of scopedb: it is no UTF-8', { cause })
  }
}

// The size of a write. A call for each line would take most of the time.
const PIECE = 64 * 1024

async function* inPieces(lines: AsyncIterable<string>, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
  let piece: string[] = []
  let length = 0
  for await (const line of lines) {
    signal?.throwIfAborted()
    piece.push(line, '\n')
    length += line.length
    if (length < PIECE) continue
    yield piece.join('')
    piece = []
    length = 0
  }
  yield piece.join('')
}

/** Writes lines with backpressure. A new file is readable only by its owner, and gets its name when it is complete. */
export async function writeLines(
  lines: AsyncIterable<string>,
  file: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (file === undefined) return pipeline(inPieces(lines), process.stdout, { end: false })
  await makeFile(file, 'export', (temporary) => temporary.write(inPieces(lines, signal)))
}
