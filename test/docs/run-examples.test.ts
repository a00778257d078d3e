import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exampleRuntime } from './example-runtime.js'
import { type Example, extractExamples, requireExamples } from './extract-examples.js'
import { type CompiledExamples, compileExamples } from './run-examples.js'

const fence = '```'
const block = (info: string, code: string): string => `${fence}${info}\n${code}\n${fence}\n`

describe('finding examples', () => {
  test('ts blocks are found with the place of their first line, others are not', () => {
    const markdown = `# Title\n\n${block('ts', 'one()')}\n${block('js', 'two()')}${block('ts', 'three()')}`
    expect(extractExamples('README.md', markdown)).toEqual([
      { place: 'README.md:4', code: 'one()\n' },
      { place: 'README.md:11', code: 'three()\n' },
    ])
  })

  test('a block marked no-run is left out', () => {
    expect(extractExamples('README.md', block('ts no-run', 'one()'))).toEqual([])
  })

  test('a block in a list is found without its indentation', () => {
    const [example] = extractExamples('README.md', `- item\n  ${fence}ts\n  one()\n  ${fence}\n`)
    expect(example?.code).toBe('one()\n')
  })

  test('a README without an example to run is refused', () => {
    expect(() => requireExamples('README.md', block('ts no-run', 'one()'))).toThrow('no example')
    expect(() => requireExamples('README.md', '')).toThrow('no example')
  })

  test.each([
    ["import { Database } from 'bun:sqlite'", 'bun'],
    ["import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-bun'", 'bun'],
    ["import { DatabaseSync } from 'node:sqlite'", 'node24'],
    ["import { DatabaseSync } from '@photostructure/sqlite'", 'node20'],
    ["import sqlite3 from 'sqlite3'", 'node20'],
  ])('%s runs on %s', (code, runtime) => {
    expect(exampleRuntime(code)).toBe(runtime)
  })
})

const place = (name: string, code: string): Example => ({ place: name, code })
const works = place(
  'works:1',
  'await using x: AsyncDisposable = { async [Symbol.asyncDispose]() { console.log("bye") } }',
)
const throws = place('throws:1', 'throw new Error("as planted")')
const hangs = place('hangs:1', 'await new Promise(() => {})')
const stays = place('turns.md:1', 'setTimeout(() => console.log("first is over"), 50)\nprocess.chdir("/")')
const throwsLater = place('turns.md:2', 'console.log("second")\nsetTimeout(() => { throw new Error("later") }, 1)')
const rejects = place('turns.md:3', 'void Promise.reject(new Error("unheard"))')
const fails = place('turns.md:4', 'process.exitCode = 3')
const exits = place('turns.md:5', 'process.exit(0)')
const last = place('turns.md:6', `console.log(process.cwd().endsWith('8') ? 'last' : 'elsewhere')`)
const bun = place('bun:1', "import 'bun:sqlite'\nconsole.log(process.versions.bun)")
const node = place('node:1', "import 'node:sqlite'\nconsole.log(process.version)")
const wrong = place('README.md:4', 'const a: string = 1\nexport { a }')

describe('running examples', () => {
  // One compilation for all, because starting the compiler takes longer than compiling them.
  let compiled: CompiledExamples
  beforeAll(async () => {
    const first = [works, throws, hangs, stays, throwsLater, rejects, fails, exits, last]
    compiled = await compileExamples([...first, bun, node, wrong])
  }, 120_000)
  afterAll(() => compiled?.[Symbol.asyncDispose]())

  test('one that works, with types and await using, is run; one that throws fails', async () => {
    expect(await compiled.run(works)).toMatch(/^bye\n/)
    await expect(compiled.run(throws)).rejects.toThrow(/throws:1[\s\S]*as planted/)
    await expect(compiled.run(hangs)).rejects.toThrow('hangs:1 ended with 13')
  }, 60_000)

  test('those of a runtime run one after the other, and each is judged by itself', async () => {
    expect(await compiled.run(stays)).toMatch(/^first is over\nsecond\n/)
    await expect(compiled.run(throwsLater)).rejects.toThrow(/^turns.md:2 ended with 1[\s\S]*later/)
    await expect(compiled.run(rejects)).rejects.toThrow(/^turns.md:3 ended with 1[\s\S]*unheard/)
    await expect(compiled.run(fails)).rejects.toThrow('turns.md:4 ended with 3')
    await compiled.run(exits)
    expect(await compiled.run(last)).toMatch(/^last\n/)
  }, 60_000)

  test('a wrong type is a complaint that names the place in the document, and the only one', () => {
    expect(compiled.complaints).toMatch(/^README\.md:4.*not assignable.*\n$/)
  })

  test('each runtime is the required one', async () => {
    expect(await compiled.run(bun)).toMatch(/^\d/)
    expect(await compiled.run(node)).toMatch(/v24\./)
  }, 60_000)
})
