import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { examples, type RunSurroundings, runExample } from '../examples/run-example.js'

const folders = (await readdir(examples, { withFileTypes: true })).filter((entry) => entry.isDirectory())
const scripts = [
  ...folders.map(({ name }) => `${name}/main.ts`),
  'cron-without-overlap/job.ts',
  'circuit-breaker-restart/call-service.ts',
  'http-service/service.ts',
]

/** Scripts with their own parser. All others use examples/positional-arguments.ts, so one of them stands for the rest. */
const PARSERS = ['api-cache/main.ts', 'http-service/main.ts', 'http-service/service.ts', 'resumable-import/main.ts']

/** Returns unknown options for a script. Each script refuses a long one; only some parsers refuse a short one. */
function unknownOptionsFor(script: string): string[] {
  return PARSERS.includes(script) ? ['--hlep', '-x'] : ['--hlep']
}

let folder: string
let surroundings: RunSurroundings
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-line-'))
  surroundings = { cwd: folder }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('there are examples', () => {
  expect(folders.length).toBeGreaterThanOrEqual(4)
})

test.each([
  ['api-cache/main.ts', ['one.db', 'two.db'], 'takes 0 to 1 arguments, got one.db two.db'],
  ['cron-without-overlap/job.ts', [], 'takes 2 arguments, got none'],
  ['http-service/service.ts', ['--port', 'abc'], '--port must be a whole number from 0 to 65535, got abc'],
  [
    'http-service/service.ts',
    ['--report-every', '0'],
    '--report-every must be a whole number from 1 to 86400000, got 0',
  ],
])('%s %j is refused: %s', async (script, args, problem) => {
  const { code, stderr } = await runExample(script, args, surroundings)
  expect(code).toBe(2)
  expect(stderr.split('\n')[0]).toBe(problem)
  expect(await readdir(folder)).toEqual([])
})

describe.each(scripts)('%s', (script) => {
  test('--help prints what it takes and makes no file', async () => {
    const { code, stdout, stderr } = await runExample(script, ['--help'], surroundings)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^[A-Z].*\n\n {2}(node [\w-]+\.ts|npm start)/)
    expect(stdout).toContain('--help')
    expect(await readdir(folder)).toEqual([])
  })

  test.each(unknownOptionsFor(script))('%s is refused with the usage, and makes no file', async (option) => {
    const { code, stdout, stderr } = await runExample(script, [option], surroundings)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`Unknown option '${option}'\n\n`)
    expect(stderr).toContain('--help')
    expect(await readdir(folder)).toEqual([])
  })
})
