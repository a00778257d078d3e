import { open, unlink } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { TextDecoder } from 'node:util'
import { UsageError } from '../exit-codes.js'
import { withFileErrors } from '../file-errors.js'

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

async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let piece: string[] = []
  let length = 0
  for await (const line of lines) {
    piece.push(line, '\n')
    length += line.length
    if (length < PIECE) continue
    yield piece.join('')
    piece = []
    length = 0
  }
  yield piece.join('')
}

/** Writes lines with backpressure. A new file is readable only by its owner, and is removed on failure. */
export async function writeLines(lines: AsyncIterable<string>, file: string | undefined): Promise<void> {
  if (file === undefined) return pipeline(inPieces(lines), process.stdout, { end: false })
  await withFileErrors('export', () => writeFile(inPieces(lines), file))
}

async function writeFile(pieces: AsyncIterable<string>, file: string): Promise<void> {
  // Before the first line is read: only a file that was created here may be removed when reading fails.
  const target = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new UsageError(`there is a file ${file} already; choose another name`) : error
  })
  try {
    await target.writeFile(pieces)
    // Loaded here, because other commands do not need it.
    const { flushHandle } = await import('@go-go-scope/persistence-core')
    await flushHandle(target)
  } catch (error) {
    await unlink(file).catch(() => undefined) // The caller needs the error of writing.
    throw error
  } finally {
    await target.close()
  }
}
