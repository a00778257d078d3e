import { describe, expect, test } from 'vitest'
import { formatSummary } from '../../scripts/test-run/format-summary.mjs'
import { judgeFiles } from '../../scripts/test-run/judge-files.mjs'
import { readArguments } from '../../scripts/test-run/read-arguments.mjs'
import { summarize } from '../../scripts/test-run/summarize.mjs'
import { runs } from '../matrix.mjs'
import { run } from './outcome.js'

const verdicts = [
  { name: 'x', group: 'g', passed: 2, failed: 0, seconds: 1, problems: [], tests: ['a', 'b'] },
  { name: 'y', group: 'g', passed: 1, failed: 1, seconds: 1, problems: ['c broke'], tests: ['a', 'c'] },
]

describe('the summary', () => {
  test('adds failed tests, name differences and file problems up', () => {
    const summary = summarize(verdicts, { differences: [], fileProblems: ['lost.test.ts'], partial: false })
    expect(summary).toMatchObject({ passed: 3, failed: 4 })
    expect(summary.rows.map(({ failed }) => failed)).toEqual([1, 2])
  })

  test('a partial run compares no names', () => {
    expect(summarize(verdicts, { differences: [], fileProblems: [], partial: true }).failed).toBe(1)
  })

  test('the text ends with the total, alone on its line', () => {
    const text = formatSummary(summarize(verdicts, { differences: [], fileProblems: [], partial: true }))
    expect(text.split('\n').at(-1)).toBe('3 passed, 1 failed')
    expect(text).toContain('c broke')
  })
})

describe('test files', () => {
  test('a file in no run and a folder without a file are problems', () => {
    expect(judgeFiles(['test/cells/cell.test.ts'], [run])).toEqual([])
    expect(judgeFiles(['test/cells/cell.test.ts', 'test/cellar/x.test.ts'], [run])).toHaveLength(1)
    expect(judgeFiles([], [run])).toHaveLength(1)
  })
})

describe('arguments', () => {
  test('without any, everything runs', () => {
    expect(readArguments([], runs).runs).toBe(runs)
  })

  test('--cell chooses a run or a group, the rest are parts of file names', () => {
    const chosen = readArguments(['--cell', 'sqlite3:node20', 'cache'], runs)
    expect(chosen.runs.map(({ name }) => name)).toEqual(['sqlite3:node20'])
    expect(chosen.files).toEqual(['cache'])
    expect(readArguments(['--cell', 'conformance'], runs).runs).toHaveLength(8)
  })

  test.each([[['--cell', 'sqlite9:node20']], [['--sell', 'x']], [['--cell']]])('%j is refused', (args) => {
    expect(() => readArguments(args, runs)).toThrow()
  })
})
