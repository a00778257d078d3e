import { describe, expect, test } from 'vitest'
import { touchedRuns } from '../../scripts/test-run/choose-changed.mjs'
import { findTestFiles } from '../../scripts/test-run/find-test-files.mjs'
import { isIn } from '../../scripts/test-run/is-in.mjs'
import { root } from '../../scripts/workspace.mjs'
import { runs, touchRules } from '../matrix.mjs'

const cell = { name: 'cell', group: 'cells', runtime: 'node20', folders: ['test/cells'], engine: 'sqlite3' }
const again = { ...cell, name: 'again' }
const core = { name: 'core', group: 'core', runtime: 'node20', folders: ['test/core'] }
const files = ['test/cells/conformance.test.ts', 'test/cells/kill.test.ts', 'test/core/queue.test.ts']
const rules = [
  { changed: /^src\//, run: 'again', tests: /conformance/ },
  { changed: /^src\/core/, run: 'core' },
]
const chosen = (changed: string[], of = [cell, again, core]) =>
  touchedRuns(changed, files, of, rules).map(({ run, files: own }) => [run.name, ...own])

describe('of a change', () => {
  test('a rule chooses the run, and of its files those that fit', () => {
    expect(chosen(['src/front.ts'])).toEqual([['again', 'test/cells/conformance.test.ts']])
  })

  test('several rules add up, and each file runs once', () => {
    expect(chosen(['src/core.ts', 'src/front.ts'])).toEqual([
      ['again', 'test/cells/conformance.test.ts'],
      ['core', 'test/core/queue.test.ts'],
    ])
  })

  test('a test that changed runs itself, once', () => {
    expect(chosen(['test/cells/kill.test.ts'])).toEqual([['cell', 'test/cells/kill.test.ts']])
  })

  test('what a proof is made of runs the proof', () => {
    expect(chosen(['test/proof/kill/writer.mjs'])).toEqual([['cell', 'test/cells/kill.test.ts']])
  })

  test('nothing runs that may not be chosen', () => {
    expect(chosen(['src/core.ts'], [cell])).toEqual([])
  })

  test('nothing is touched by a file that no rule knows', () => {
    expect(chosen(['LICENSE'])).toEqual([])
  })
})

test('every rule of the matrix names a run, and fits tests of it', () => {
  const testFiles = findTestFiles(root)
  for (const { run: name, tests } of touchRules) {
    const run = runs.find((one) => one.name === name)
    const own = testFiles.filter((file) => run?.folders.some((folder) => isIn(file, folder)))
    expect(own.filter((file) => tests?.test(file) ?? true).length, name).toBeGreaterThan(0)
  }
})
