import { importsOf } from '../architecture/gates/source-text.js'

/** Returns the runtime that an example's imports need; without such an import, the oldest supported one. */
export function exampleRuntime(code: string): 'node20' | 'node24' | 'bun' {
  const imports = importsOf(code)
  if (imports.some((name) => name === 'bun:sqlite' || name.endsWith('/persistence-sqlite-bun'))) return 'bun'
  return imports.includes('node:sqlite') ? 'node24' : 'node20'
}
