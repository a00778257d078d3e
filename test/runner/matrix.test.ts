import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runs, runtimes } from '../matrix.mjs'

test('the matrix has the cells that are promised, so that none can be dropped in silence', () => {
  const cells = runs.filter((run) => run.group === 'conformance')
  expect(cells.map(({ name }) => name)).toEqual([
    'sqlite3:node20',
    'sqlite3:node24',
    'sqlite3:bun',
    'bun:sqlite:bun',
    'node:sqlite:node24',
    'node:sqlite:bun',
    '@photostructure/sqlite:node20',
    '@photostructure/sqlite:node24',
  ])
  for (const cell of cells) expect(cell.name).toBe(`${cell.engine}:${cell.runtime}`)
})

test('the host is tested on every runtime', () => {
  const host = runs.filter((run) => run.group === 'host')
  expect(host.map(({ runtime }) => runtime)).toEqual(Object.keys(runtimes))
})

test('names are unique, and each run names a runtime that is installed', () => {
  expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length)
  for (const { runtime } of runs) expect(existsSync(runtimes[runtime]?.path ?? ''), runtime).toBe(true)
})
