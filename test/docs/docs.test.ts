import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { repositoryFiles } from '../architecture/repository-files.js'
import { published } from '../package/packed-family.js'
import { exampleRuntime } from './example-runtime.js'
import { type Example, extractDocExamples, extractExamples, requireExamples } from './extract-examples.js'
import { type CompiledExamples, compileExamples, RUNTIME_LIMIT } from './run-examples.js'

// The example of the conformance package is a test file: test/package has vitest run it.
const documented = ['go-go-scope', ...Object.keys(published)].filter((folder) => folder !== 'persistence-conformance')
const readmes = ['README.md', ...documented.map((folder) => `packages/${folder}/README.md`)]
const guides = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

function read(document: string): string {
  const path = join(root, document)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

const docComments = repositoryFiles()
  .filter(({ path }) => /^packages\/.*\/src\/.*\.ts$/.test(path))
  .flatMap(({ path, text }) => extractDocExamples(path, text))
const examples = [
  ...[...readmes, ...guides].flatMap((document) => extractExamples(document, read(document))),
  ...docComments,
]
let compiled: CompiledExamples

beforeAll(async () => {
  compiled = await compileExamples(examples)
}, 120_000)
afterAll(() => compiled?.[Symbol.asyncDispose]())

test.each(readmes)('%s has an example that runs', (document) => {
  expect(requireExamples(document, read(document)).length).toBeGreaterThan(0)
})

test('doc comments have examples', () => {
  expect(docComments.length).toBeGreaterThan(5)
})

test('the examples are correct TypeScript', () => {
  expect(compiled.complaints).toBe('')
})

describe('examples', () => {
  test.each(
    examples.map((example): [string, string, Example] => [example.place, exampleRuntime(example.code), example]),
  )(
    '%s runs on %s',
    async (_place, _runtime, example) => {
      await compiled.run(example)
    },
    // The examples of a runtime end when the last one does, and two of them start a whole database.
    RUNTIME_LIMIT + 10_000,
  )
})
