import { importsOf } from '../architecture/gates/source-text.js'

/** The runtime an example demands by what it imports; where nothing is demanded, the oldest we support. */
export function exampleRuntime(code: string): 'node20' | 'node24' | 'bun' {
  const imports = importsOf(code)
  if (imports.some((name) => name === 'bun:sqlite' || name.endsWith('/persistence-sqlite-bun'))) return 'bun'
  return imports.includes('node:sqlite') ? 'node24' : 'node20'
}
