import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { expectVerified } from '../examples/expect-verified.js'
import { runExample, startExample } from '../examples/run-example.js'
import { writeShortSource } from '../examples/short-source.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const MAIN = 'resumable-import/main.ts'

// A demonstration is five processes, and two tests start several at a time: on a loaded machine that exceeds the default
// time limit of a test.
vi.setConfig({ testTimeout: 120_000 })

/**
 * Two front ends per runtime, including the change from Node to Bun for Bun's front end. The titles are the same on both
 * runtimes, so that the runs can be compared.
 */
const FRONT_ENDS: readonly (readonly [title: string, frontEnd: string])[] = [
  ['one', process.versions.bun === undefined ? 'node' : 'sqlite3'],
  ['another', 'bun'],
]

const folder = temporaryFolder('interrupted')
let source: string
beforeAll(async () => {
  source = await writeShortSource(join(folder, 'cities.json'), 3000)
})

// Concurrent, because they mostly wait for processes to start.
describe.concurrent.each(FRONT_ENDS)('resumable-import, %s of the front ends', (_title, frontEnd) => {
  const importInto = (file: string, ...more: string[]): string[] => {
    return ['--db', join(folder, `${frontEnd} ${file}`), '--front-end', frontEnd, '--source', source, ...more]
  }

  test('interrupted, it says how to resume, and resumes; run again after its end, it writes nothing and verifies', async () => {
    const run = startExample(MAIN, importInto('interrupted.db', '--batch', '250', '--slow'))
    await run.printed(/ 25 % /)
    run.kill('SIGINT')
    const stopped = await run.ended
    expect(stopped.code, stopped.stdout + stopped.stderr).toBe(130)
    const [, checkpoint = 'none'] = /The last checkpoint is at ([\d,]+) of 3,000 cities/.exec(stopped.stdout) ?? []
    expect(stopped.stdout).toContain('To go on from there: ')

    const resumed = await runExample(MAIN, importInto('interrupted.db'))
    expect(resumed.stdout).toContain(
      `Resuming at the last checkpoint, ${checkpoint}; the table has ${checkpoint} rows.`,
    )
    expect(resumed.code).toBe(0)
    expect(resumed.stdout).toContain('Summary, computed now')
    expectVerified(resumed.stdout)

    const again = await runExample(MAIN, importInto('interrupted.db'))
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('completed by an earlier run')
    expect(again.stdout).toContain('Summary, as an earlier run stored it')
    expectVerified(again.stdout)
  })
})

test('the demonstration, interrupted, says that it is over and how to import the rest', async () => {
  const file = join(folder, 'interrupted demonstration.db')
  const run = startExample(MAIN, ['--db', file, '--demo', '--slow', '--batch', '250', '--source', source])
  await run.printed(/ 25 % /)
  run.kill('SIGINT')
  const { code, stdout, stderr } = await run.ended
  expect({ code, stderr }, stdout).toEqual({ code: 130, stderr: '' })
  expect(stdout).toMatch(/Stopped\. The last checkpoint is at [\d,]+ of 3,000 cities\.\n/)
  expect(stdout).toMatch(
    /The demonstration ends here\. To import the rest without it: (node|bun) .*main\.ts --db (?!.*--demo)/,
  )
  expect(stdout).not.toContain('To go on from there')
})
