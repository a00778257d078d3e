import { describe, expect, test } from 'vitest'
import { judgeNames } from '../../scripts/test-run/judge-names.mjs'

function verdict(name: string, tests: string[], group = 'conformance') {
  return { name, group, tests, passed: tests.length, failed: 0, seconds: 1, problems: [] }
}

describe('judging names', () => {
  test('the same tests in another order are the same', () => {
    expect(judgeNames([verdict('x', ['a', 'b']), verdict('y', ['b', 'a'])], [])).toEqual([])
  })

  test('the run that lacks a test is named, with the test', () => {
    const [problem, ...rest] = judgeNames([verdict('x', ['a', 'b']), verdict('y', ['a'])], [])
    expect(rest).toEqual([])
    expect(problem?.name).toBe('y')
    expect(problem?.problem).toMatch(/lacks 1 tests[\s\S]*b$/)
  })

  test('a test renamed in one run is a problem of both sides', () => {
    const problems = judgeNames([verdict('x', ['a']), verdict('y', ['b'])], [])
    expect(problems.map(({ name }) => name)).toEqual(['x', 'y'])
  })

  test('a name declared twice in one run and once in another differs', () => {
    expect(judgeNames([verdict('x', ['a', 'a']), verdict('y', ['a'])], [])).toHaveLength(1)
  })

  test('groups are not compared with each other, and a run without tests is left to its own verdict', () => {
    const verdicts = [verdict('x', ['a']), verdict('h', ['b'], 'host'), verdict('crashed', [])]
    expect(judgeNames(verdicts, [])).toEqual([])
  })

  test('a declared difference is accepted', () => {
    expect(judgeNames([verdict('x', ['a', 'b']), verdict('y', ['a'])], [{ run: 'y', test: 'b' }])).toEqual([])
  })

  test('a declared difference that does not occur is a problem', () => {
    const problems = judgeNames([verdict('x', ['a']), verdict('y', ['a'])], [{ run: 'y', test: 'a' }])
    expect(problems.map(({ name }) => name)).toEqual(['y'])
  })
})
