import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** Returns the members of a union of string literals by the name of its type. */
function members(source: string, name: string): string[] {
  const [, union = ''] = new RegExp(`type ${name} =([^]*?)\\n\\n`).exec(source) ?? []
  return [...union.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, member = '']) => member)
}

const documented = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code = '']) => code)

describe('the list of errors', () => {
  test('names every code, and no other, once', () => {
    const codes = members(read('packages/shared/src/errors/persistence-error.ts'), 'PersistenceErrorCode')
    expect(codes.length).toBeGreaterThan(20)
    expect(documented.toSorted()).toEqual(codes.toSorted())
  })

  test('names every diagnostic', () => {
    const types = [...read('packages/shared/src/errors/diagnostics.ts').matchAll(/\{ type: '([\w-]+)'/g)]
    expect(types.length).toBeGreaterThan(5)
    for (const [, type] of types) expect(read('docs/errors.md')).toContain(`| \`${type}\` |`)
  })
})
