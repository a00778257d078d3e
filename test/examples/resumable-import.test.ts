import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ExampleOutcome, runExample, startExample } from './run-example.js'
import { tamper } from './tamper.js'

const MAIN = 'resumable-import/main.mjs'
const SLICE = ['--limit', '6000', '--batch', '200']
const LIMIT_MS = 60_000

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resumable-import-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe.each(['sqlite3', 'node', 'bun'])('resumable-import, front end %s', (frontEnd) => {
  const flags = (...more: string[]): string[] => {
    return ['--db', join(folder, 'cities.db'), '--front-end', frontEnd, ...SLICE, ...more]
  }

  test(
    'killed twice, it ends with every city exactly once',
    async () => {
      const { code, stdout, stderr } = await runExample(MAIN, flags('--demo'))
      expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
      expect(stdout.match(/Killed with SIGKILL/g)).toHaveLength(2)
      expect(stdout).toContain('Another process is importing into this database.')
      // Killed between a batch and its checkpoint.
      expect(stdout).toContain('Resuming at the last checkpoint, 4,400; the table has 4,600 rows.')
      expectVerified(stdout)
    },
    LIMIT_MS,
  )

  test(
    'interrupted, it says how to resume, and resumes',
    async () => {
      const run = startExample(MAIN, flags('--slow'))
      await run.printed(/ 20 % /)
      run.kill('SIGINT')
      const stopped = await run.ended
      expect(stopped.code, stopped.stdout + stopped.stderr).toBe(130)
      const [, checkpoint] = /The last checkpoint is at ([\d,]+) of 6,000 cities/.exec(stopped.stdout) ?? []
      expect(stopped.stdout).toContain(`To go on from there: node`)

      const resumed = await runExample(MAIN, flags())
      expect(resumed.stdout).toContain(
        `Resuming at the last checkpoint, ${checkpoint}; the table has ${checkpoint} rows.`,
      )
      expect(resumed.code).toBe(0)
      expectVerified(resumed.stdout)
    },
    LIMIT_MS,
  )

  test(
    'run again after its end, it writes nothing and verifies',
    async () => {
      expectVerified((await completed()).stdout)
      const again = await runExample(MAIN, flags())
      expect(again.code).toBe(0)
      expect(again.stdout).toContain('completed by an earlier run')
      expect(again.stdout).toContain('Summary, as an earlier run stored it')
      expectVerified(again.stdout)
    },
    LIMIT_MS,
  )

  test.each([
    ['a missing row', 'DELETE FROM cities WHERE id = 17', /missing +1\n/],
    [
      'a duplicate',
      'INSERT INTO cities SELECT 9999999, name, country, region, latitude, longitude FROM cities WHERE id = 17',
      /duplicates +1\n/,
    ],
    ['a changed value', "UPDATE cities SET name = name || '!' WHERE id = 17", /not in the source +1\n/],
    [
      'two ids exchanged',
      'UPDATE cities SET id = CASE id WHEN 17 THEN -18 ELSE -17 END WHERE id IN (17, 18); UPDATE cities SET id = -id WHERE id < 0',
      /duplicates +0\n/,
    ],
  ])(
    '%s fails the verification',
    async (_name, sql, figure) => {
      await completed()
      await tamper(join(folder, 'cities.db'), sql)
      const { code, stdout } = await runExample(MAIN, flags())
      expect(code).toBe(1)
      expect(stdout).toMatch(figure)
      expect(stdout).toContain('VERIFICATION FAILED')
      expect(stdout).not.toContain('exactly once')
    },
    LIMIT_MS,
  )

  async function completed(): Promise<ExampleOutcome> {
    const outcome = await runExample(MAIN, flags())
    expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
    return outcome
  }
})

test('an argument that cannot be used is named, with the exit code 2', async () => {
  const { code, stderr } = await runExample(MAIN, ['--front-end', 'oracle'])
  expect(code).toBe(2)
  expect(stderr).toContain('--front-end must be one of sqlite3, node, bun, got oracle')
})

function expectVerified(stdout: string): void {
  expect(stdout).toMatch(/cities in the source +6,000\n +rows in the table +6,000\n +missing +0\n +duplicates +0\n/)
  const [, source, table] = /of the source +([0-9a-f]{64})\n.*of the table +([0-9a-f]{64})\n/.exec(stdout) ?? []
  expect(source).toBe(table)
  expect(stdout).toContain('\n\nEvery city was imported exactly once.\n')
}
