import { posix } from 'node:path'
import type { Gate, SourceFile } from './gate.js'
import { importsOf } from './source-text.js'

/** Imports of types count too, because a reader follows them as well. */
export const hostLayers: Gate = {
  rule: 'the files of the host import one another in no circle',
  covers: (path) => /^packages\/go-go-scope\/src\/.*\.ts$/.test(path),
  violations: (files) => {
    const left = new Map(files.map((file) => [file.path, importedFiles(file)]))
    // Repeatedly removes files that import none of the remaining files. Whatever cannot be removed is in a cycle or above one.
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
