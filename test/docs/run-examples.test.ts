import { describe, expect, test } from 'vitest'
import { exampleRuntime } from './example-runtime.js'
import { extractExamples, requireExamples } from './extract-examples.js'
import { compileExamples } from './run-examples.js'

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

describe('running examples', () => {
  test('one that works, with types and await using, is run; one that throws fails', async () => {
    const works = {
      place: 'works:1',
      code: 'await using x: AsyncDisposable = { async [Symbol.asyncDispose]() { console.log("bye") } }',
    }
    const throws = { place: 'throws:1', code: 'throw new Error("as planted")' }
    const hangs = { place: 'hangs:1', code: 'await new Promise(() => {})' }
    await using compiled = await compileExamples([works, throws, hangs])
    expect(compiled.complaints).toBe('')
    expect(await compiled.run(works)).toMatch(/^bye\n/)
    await expect(compiled.run(throws)).rejects.toThrow(/throws:1[\s\S]*as planted/)
    await expect(compiled.run(hangs)).rejects.toThrow('hangs:1 ended with 13')
  })

  test('those of a runtime run in turn, and each is judged by itself', async () => {
    const place = (line: number, code: string) => ({ place: `turns.md:${line}`, code })
    const stays = place(1, 'setTimeout(() => console.log("first is over"), 50)\nprocess.chdir("/")')
    const throwsLater = place(2, 'console.log("second")\nsetTimeout(() => { throw new Error("later") }, 1)')
    const rejects = place(3, 'void Promise.reject(new Error("unheard"))')
    const fails = place(4, 'process.exitCode = 3')
    const exits = place(5, 'process.exit(0)')
    const last = place(6, `console.log(process.cwd().endsWith('5') ? 'last' : 'elsewhere')`)
    await using compiled = await compileExamples([stays, throwsLater, rejects, fails, exits, last])
    expect(await compiled.run(stays)).toMatch(/^first is over\nsecond\n/)
    await expect(compiled.run(throwsLater)).rejects.toThrow(/^turns.md:2 ended with 1[\s\S]*later/)
    await expect(compiled.run(rejects)).rejects.toThrow(/^turns.md:3 ended with 1[\s\S]*unheard/)
    await expect(compiled.run(fails)).rejects.toThrow('turns.md:4 ended with 3')
    await compiled.run(exits)
    expect(await compiled.run(last)).toBe('last\n')
  })

  test('a wrong type is a complaint that names the place in the document', async () => {
    await using compiled = await compileExamples([{ place: 'README.md:4', code: 'const a: string = 1\nexport { a }' }])
    expect(compiled.complaints).toMatch(/^README\.md:4.*not assignable/)
  })

  test('each runtime is the one that is demanded', async () => {
    const bun = { place: 'bun:1', code: "import 'bun:sqlite'\nconsole.log(process.versions.bun)" }
    const node = { place: 'node:1', code: "import 'node:sqlite'\nconsole.log(process.version)" }
    await using compiled = await compileExamples([bun, node])
    expect(await compiled.run(bun)).toMatch(/^\d/)
    expect(await compiled.run(node)).toMatch(/v24\./)
  })
})
