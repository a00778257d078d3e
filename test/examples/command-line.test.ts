import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { examples, type RunSurroundings, runExample } from './run-example.js'

const scripts = (await readdir(examples, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `${name}/main.mjs`)

let folder: string
let surroundings: RunSurroundings
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-line-'))
  surroundings = { cwd: folder }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('there are examples', () => {
  expect(scripts.length).toBeGreaterThanOrEqual(4)
})

describe.each(scripts)('%s', (script) => {
  test('--help prints what it takes and makes no file', async () => {
    const { code, stdout, stderr } = await runExample(script, ['--help'], surroundings)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^[A-Z].*\n\n {2}(node main\.mjs|npm start)/)
    expect(stdout).toContain('--help')
    expect(await readdir(folder)).toEqual([])
  })

  test.each(['--hlep', '-x'])('%s is refused with the usage, and makes no file', async (option) => {
    const { code, stdout, stderr } = await runExample(script, [option], surroundings)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`Unknown option '${option}'\n\n`)
    expect(stderr).toContain('--help')
    expect(await readdir(folder)).toEqual([])
  })
})
