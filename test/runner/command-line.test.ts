import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageSizes } from '../../bench/package-sizes.mjs'
import { runProcess } from '../../scripts/run-process.mjs'
import { root } from '../../scripts/workspace.mjs'
import { runs } from '../matrix.mjs'

const manifest: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const scripts = Object.entries(manifest.scripts).flatMap(([name, command]): [string, string][] => {
  const [, script] = /^node (scripts\/\S+)$/.exec(command) ?? []
  return script === undefined ? [] : [[name, script]]
})

/** Runs a script without npm, which its set-up needs, so all output comes from before the set-up. */
function runWithoutSetUp(script: string, ...args: string[]): ReturnType<typeof runProcess> {
  const env = { ...process.env, PATH: '', npm_execpath: undefined, NODE_OPTIONS: undefined, FORCE_COLOR: undefined }
  return runProcess(process.execPath, [script, ...args], { env })
}

test('there are scripts', () => {
  expect(scripts.map(([name]) => name)).toEqual(['start', 'test', 'check', 'build', 'bench', 'docs', 'soak'])
})

describe.each(scripts)('npm run %s', (_name, script) => {
  test.each(['--help', '-h'])('%s prints the usage, before any set-up', async (option) => {
    const { exitCode, output } = await runWithoutSetUp(script, option)
    expect(exitCode, output).toBe(0)
    expect(output).toMatch(/npm (start|test|run \w+)/)
  })

  test('an unknown option is named, with the usage and the exit code 2, before any set-up', async () => {
    const [{ exitCode, output }, help] = await Promise.all([
      runWithoutSetUp(script, '--nope'),
      runWithoutSetUp(script, '--help'),
    ])
    expect(exitCode, output).toBe(2)
    expect(output).toBe(`Unknown option '--nope'\n\n${help.output}`)
  })
})

test.each([
  ['scripts/test.mjs', ['--cell', 'sqlite9:node20'], 'no cell or group is called sqlite9:node20'],
  ['scripts/test.mjs', ['--cell'], 'argument missing'],
  ['scripts/bench.mjs', ['--runs', 'many'], '--runs must be a whole number from 1, got many'],
  ['scripts/start.mjs', ['--batch', '0'], '--batch must be a whole number from 1, got 0'],
])('%s %j is refused: %s', async (script, args, problem) => {
  const { exitCode, output } = await runWithoutSetUp(script, ...args)
  expect(exitCode, output).toBe(2)
  expect(output.split('\n')[0]).toContain(problem)
})

test('the usage of npm test lists every group and every cell', async () => {
  const { output } = await runWithoutSetUp('scripts/test.mjs', '--help')
  for (const { name, group } of runs) {
    expect(output).toContain(`  ${group} `)
    expect(output).toContain(`  ${name}\n`)
  }
})

test('the bench finds the size of a published package', () => {
  const [found] = Object.entries(packageSizes(['unstorage']))
  expect(found).toMatchObject(['@go-go-scope/unstorage', { packed: expect.any(Number), unpacked: expect.any(Number) }])
})
