import { describe, expect, test } from 'vitest'
import { judgeRun } from '../../scripts/test-run/judge-run.mjs'
import { outcome, run } from './outcome.js'

const expected = { version: 'node 20.20.2', root: '/repo' }

describe('judging one run', () => {
  test('passed tests on the declared runtime and engine are counted, with names free of the machine', () => {
    const verdict = judgeRun(run, outcome([{ name: 'a' }, { name: 'b' }]), expected)
    expect(verdict).toMatchObject({ passed: 2, failed: 0, problems: [] })
    expect(verdict.tests).toEqual(['test/cells/cell.test.ts > a', 'test/cells/cell.test.ts > b'])
  })

  test('a failed test counts and keeps its message', () => {
    const verdict = judgeRun(run, outcome([{ name: 'a' }, { name: 'b', status: 'failed', message: 'boom' }]), expected)
    expect(verdict).toMatchObject({ passed: 1, failed: 1 })
    expect(verdict.problems[0]).toContain('boom')
  })

  test('what was expected and what was there is part of the problem', () => {
    const meta = { runtime: 'node 20.20.2', engine: 'sqlite3', diffs: ['- 1\n+ 2'] }
    const verdict = judgeRun(run, outcome([{ name: 'a' }, { name: 'b', status: 'failed', meta }]), expected)
    expect(verdict.problems[0]).toContain('- 1\n+ 2')
  })

  test.each(['skipped', 'pending', 'todo', 'disabled'])('a %s test fails the run', (status) => {
    const verdict = judgeRun(run, outcome([{ name: 'a' }, { name: 'b', status }]), expected)
    expect(verdict).toMatchObject({ passed: 1, failed: 1 })
  })

  test('tests skipped by a pattern that was asked for do not count', () => {
    const verdict = judgeRun(run, outcome([{ name: 'a' }, { name: 'b', status: 'skipped' }]), {
      ...expected,
      pattern: true,
    })
    expect(verdict).toMatchObject({ passed: 1, failed: 0, tests: ['test/cells/cell.test.ts > a'] })
  })

  test('a declared run that was not started fails', () => {
    expect(judgeRun(run, undefined, expected)).toMatchObject({ passed: 0, failed: 1 })
  })

  test('a crash without a report fails and shows the end of the output', () => {
    const crashed = { ...outcome([]), report: undefined, exitCode: null, signal: 'SIGSEGV', output: 'last words' }
    const verdict = judgeRun(run, crashed, expected)
    expect(verdict).toMatchObject({ passed: 0, failed: 1 })
    expect(verdict.problems[0]).toMatch(/SIGSEGV[\s\S]*last words/)
  })

  test('a run that hangs fails', () => {
    const verdict = judgeRun(run, { ...outcome([]), report: undefined, timedOut: true }, expected)
    expect(verdict.problems[0]).toContain('killed after')
  })

  test('a report without a test fails', () => {
    expect(judgeRun(run, outcome([]), expected)).toMatchObject({ passed: 0, failed: 1 })
  })

  test('a file that cannot be loaded fails beside files that pass', () => {
    const broken = outcome([{ name: 'a' }])
    broken.report?.testResults.push({
      name: '/repo/test/x.test.ts',
      status: 'failed',
      message: 'SyntaxError',
      assertionResults: [],
    })
    const verdict = judgeRun(run, broken, expected)
    expect(verdict).toMatchObject({ passed: 1, failed: 1 })
    expect(verdict.problems[0]).toContain('SyntaxError')
  })

  test('a non-zero exit code fails although every test passed', () => {
    const verdict = judgeRun(run, { ...outcome([{ name: 'a' }]), exitCode: 1 }, expected)
    expect(verdict).toMatchObject({ passed: 1, failed: 1 })
  })

  test('an unhandled error, seen only as an unsuccessful report, fails', () => {
    const unhandled = outcome([{ name: 'a' }])
    if (unhandled.report) unhandled.report.success = false
    expect(judgeRun(run, unhandled, expected)).toMatchObject({ passed: 1, failed: 1 })
  })

  test('another runtime than the declared one fails', () => {
    const verdict = judgeRun(
      run,
      outcome([{ name: 'a', meta: { runtime: 'node 24.0.0', engine: 'sqlite3' } }]),
      expected,
    )
    expect(verdict.problems).toEqual(['ran on node 24.0.0, declared is node 20.20.2'])
  })

  test('tests that do not report where they ran fail', () => {
    const verdict = judgeRun(run, outcome([{ name: 'a', meta: { engine: 'sqlite3' } }]), expected)
    expect(verdict.problems).toEqual(['no test says which runtime it ran on'])
  })

  test.each([
    [{ runtime: 'node 20.20.2' }, 'none'],
    [{ runtime: 'node 20.20.2', engine: 'node:sqlite' }, 'node:sqlite'],
  ])('a cell whose engine is not proven fails: %o', (meta, proven) => {
    const verdict = judgeRun(run, outcome([{ name: 'a', meta }]), expected)
    expect(verdict.problems).toEqual([`declared engine is sqlite3, proven is ${proven}`])
  })
})
