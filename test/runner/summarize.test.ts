import { describe, expect, test } from 'vitest'
import { createPaint } from '../../scripts/paint.mjs'
import { formatSummary } from '../../scripts/test-run/format-summary.mjs'
import { judgeMatrix } from '../../scripts/test-run/judge-matrix.mjs'
import { readArguments } from '../../scripts/test-run/read-arguments.mjs'
import { summarize } from '../../scripts/test-run/summarize.mjs'
import { runs } from '../matrix.mjs'
import { run } from './outcome.js'

const plain = createPaint(process.stdout, { NO_COLOR: '1' })
const named = (...titles: string[]) => titles.map((title) => `test/cells/x.test.ts > ${title}`)
const verdicts = [
  {
    ...run,
    name: 'x',
    group: 'g',
    passed: 2,
    failed: 0,
    seconds: 1,
    coreSeconds: 1.5,
    problems: [],
    tests: named('a', 'b'),
  },
  { ...run, name: 'y', group: 'g', passed: 1, failed: 1, seconds: 1, problems: ['c broke'], tests: named('a', 'c') },
]

describe('the summary', () => {
  test('adds failed tests, name differences and file problems up', () => {
    const summary = summarize(verdicts, { differences: [], matrixProblems: ['lost.test.ts'], wholeGroups: ['g'] })
    expect(summary).toMatchObject({ passed: 3, failed: 4 })
    expect(summary.rows.map(({ failed }) => failed)).toEqual([1, 2])
  })

  test('a group of which only a part ran is not compared', () => {
    expect(summarize(verdicts, { differences: [], matrixProblems: [], wholeGroups: [] }).failed).toBe(1)
  })

  test('the text ends with the total, alone on its line', () => {
    const text = formatSummary(summarize(verdicts, { differences: [], matrixProblems: [], wholeGroups: [] }), plain)
    expect(text.split('\n').at(-1)).toBe('3 passed, 1 failed')
    expect(text).toContain('c broke')
    expect(text, 'what all runs took of the processors, where it is known').toMatch(/^x .* 1\.5\ny .* -\nall +1\.5\n/m)
  })

  test('a failure is shown without the frames of tools', () => {
    const frames = 'boom\n    at mine (/repo/test/x.ts:1:1)\n    at theirs (/repo/node_modules/runner/index.js:1:1)'
    const [verdict] = verdicts
    const broken = verdict && [{ ...verdict, problems: [frames] }]
    const text = formatSummary(summarize(broken ?? [], { differences: [], matrixProblems: [], wholeGroups: [] }), plain)
    expect(text).toContain('/repo/test/x.ts')
    expect(text).not.toContain('theirs')
  })
})

describe('the matrix', () => {
  test('a file in no run and a folder without a file are problems', () => {
    expect(judgeMatrix(['test/cells/cell.test.ts'], [run], [])).toEqual([])
    const ofOneFile = { ...run, folders: ['test/cells/cell.test.ts'] }
    expect(judgeMatrix(['test/cells/cell.test.ts'], [ofOneFile], [])).toEqual([])
    expect(judgeMatrix(['test/cells/other.test.ts'], [ofOneFile], [])).toHaveLength(2)
    expect(judgeMatrix(['test/cells/cell.test.ts', 'test/cellar/x.test.ts'], [run], [])).toHaveLength(1)
    expect(judgeMatrix([], [run], [])).toHaveLength(1)
  })

  test('a difference declared for a run that does not exist is a problem', () => {
    expect(judgeMatrix(['test/cells/cell.test.ts'], [run], [{ run: 'sqlite3:node2O' }])).toHaveLength(1)
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
