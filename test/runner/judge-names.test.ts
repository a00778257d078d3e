import { describe, expect, test } from 'vitest'
import { judgeNames } from '../../scripts/test-run/judge-names.mjs'

const inFile = (test: string, folder = 'test/cells') => `${folder}/x.test.ts > ${test}`

function verdict(name: string, titles: string[], group = 'conformance') {
  const tests = titles.map((title) => inFile(title))
  return { name, group, folders: ['test/cells'], tests, passed: tests.length, failed: 0, seconds: 1, problems: [] }
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

  test('a folder is compared among the runs of the group that have it', () => {
    const more = (name: string, titles: string[]) => {
      const one = verdict(name, ['a'])
      const tests = [...one.tests, ...titles.map((title) => inFile(title, 'test/builds'))]
      return { ...one, folders: [...one.folders, 'test/builds'], tests }
    }
    expect(judgeNames([verdict('x', ['a']), more('y', ['b']), more('z', ['b'])], [])).toEqual([])
    const [problem, ...rest] = judgeNames([verdict('x', ['a']), more('y', ['b']), more('z', [])], [])
    expect([problem?.name, rest]).toEqual(['z', []])
  })

  test('a declared difference is accepted', () => {
    expect(judgeNames([verdict('x', ['a', 'b']), verdict('y', ['a'])], [{ run: 'y', test: inFile('b') }])).toEqual([])
  })

  test('a declared difference that does not occur is a problem', () => {
    const problems = judgeNames([verdict('x', ['a']), verdict('y', ['a'])], [{ run: 'y', test: inFile('a') }])
    expect(problems.map(({ name }) => name)).toEqual(['y'])
  })
})
