import { posix } from 'node:path'
import type { Gate, SourceFile } from './gate.js'
import { importsOf } from './source-text.js'

/** Imports of types count too: a reader follows both. */
export const hostLayers: Gate = {
  rule: 'the files of the host import one another in no circle',
  covers: (path) => /^packages\/go-go-scope\/src\/.*\.ts$/.test(path),
  violations: (files) => {
    const left = new Map(files.map((file) => [file.path, importedFiles(file)]))
    // What imports nothing that is left is in no circle. What is over when that takes away no more, is in one or above it.
    for (let before = -1; before !== left.size; ) {
      before = left.size
      for (const [path, imports] of left) if (!imports.some((imported) => left.has(imported))) left.delete(path)
    }
    return left.size === 0 ? [] : [`a circle in or below ${[...left.keys()].join(', ')}`]
  },
}

function importedFiles({ path, text }: SourceFile): string[] {
  const relative = importsOf(text).filter((specifier) => specifier.startsWith('.'))
  return relative.map((specifier) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts'))
}
