import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'

const bench = (file: string) => import(pathToFileURL(join(root, 'bench', file)).href)

test('the figures in README.md are those of the committed results', async () => {
  const { howFast } = await bench('how-fast.mjs')
  const { readResults } = await bench('results.mjs')
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(howFast(readResults('full')))
})

test('the first figures of docs/performance.md are those of the committed results', async () => {
  const { inShort } = await bench('in-short.mjs')
  const { readResults } = await bench('results.mjs')
  expect(readFileSync(join(root, 'docs/performance.md'), 'utf8')).toContain(inShort(readResults('full')))
})
