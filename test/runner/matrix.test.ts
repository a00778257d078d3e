import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isIn } from '../../scripts/test-run/is-in.mjs'
import { runs, runtimes } from '../matrix.mjs'

test('the matrix has the cells that are promised, so that none can be dropped in silence', () => {
  const cells = runs.filter((run) => run.folders.includes('test/cells'))
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

test('each build of SQLite is killed, cut off and shared by processes, and all of them meet on one file', () => {
  const cells = runs.filter((run) => run.folders.includes('test/failures'))
  expect(cells.map(({ engine, runtime }) => `${engine} on ${runtime}`)).toEqual([
    'sqlite3 on node24',
    'bun:sqlite on bun',
    'node:sqlite on node24',
    '@photostructure/sqlite on node24',
  ])
  for (const { folders } of cells) expect(folders).toEqual(expect.arrayContaining(['test/builds', 'test/integrations']))
  const meeting = runs.filter(({ folders }) => folders.includes('test/processes'))
  expect(meeting.map(({ engine }) => engine)).toEqual(['postgres:pg', 'node:sqlite'])
})

test('a server and PGlite hold all suites of PostgreSQL, and each other client library what depends on it', () => {
  const runsOf = (folder: string) => runs.filter(({ folders }) => folders.includes(folder)).map(({ name }) => name)
  expect(runsOf('test/postgres')).toEqual(['postgres:pg', 'postgres:pglite'])
  expect(runsOf('test/postgres-clients')).toEqual(['postgres:postgres.js', 'postgres:bun'])
})

test('the oldest version of each promised line, and the newest of lines without a cell, are tested with their engines', () => {
  const cells = runs.filter((run) => run.group === 'versions')
  expect(cells.map(({ engine, runtime }) => `${engine} on ${runtimes[runtime]?.version}`)).toEqual([
    'sqlite3 on node 20.17.0',
    'sqlite3 on node 26.10.0',
    'node:sqlite on node 22.13.0',
    'node:sqlite on node 22.23.3',
    'node:sqlite on node 24.0.0',
    'node:sqlite on node 26.10.0',
    '@photostructure/sqlite on node 20.17.0',
    '@photostructure/sqlite on node 26.10.0',
  ])
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  expect(engines.node, 'the oldest that a package asks for').toBe('>=20.17')
})

test('adapters over a port and engines in a thread are tested on each runtime, and what ends threads or copies by blocks on Node and Bun', () => {
  const runtimesOf = (folder: string) =>
    runs.filter(({ folders }) => folders.includes(folder)).map(({ runtime }) => runtime)
  expect(runtimesOf('test/remote')).toEqual(['node24', 'node20', 'bun'])
  expect(runtimesOf('test/remote-clients')).toEqual(['node24', 'bun'])
  expect(runtimesOf('test/block-copies')).toEqual(['node24', 'bun'])
  expect(runtimesOf('test/block-copy-code')).toEqual(['node24'])
  expect(runtimesOf('test/thread')).toEqual(['node24', 'node20', 'bun'])
  expect(runtimesOf('test/thread-work')).toEqual(['node24', 'bun'])
  expect(runtimesOf('test/thread-suites')).toEqual(['node24'])
  expect(runtimesOf('test/runtimes'), 'what a runtime decides and no engine').toEqual(['node24', 'node20', 'bun'])
})

test('each way in which an example starts runs on every runtime, and each example and what ends it on Node and Bun', () => {
  const runtimesOf = (folder: string) =>
    runs.filter(({ folders }) => folders.includes(folder)).map(({ runtime }) => runtime)
  expect(runtimesOf('test/examples')).toEqual(['node24', 'node20', 'bun'])
  expect(runtimesOf('test/example-ends')).toEqual(['node24', 'bun'])
  expect(runtimesOf('test/example-code')).toEqual(['node24'])
  expect(runtimesOf('test/cli')).toEqual(['node24', 'node20', 'bun'])
  expect(runtimesOf('test/cli-once')).toEqual(['node24'])
})

test('changesets are tested on each runtime that calls an engine with sessions differently', () => {
  const cells = runs.filter(({ folders }) => folders.includes('test/changesets'))
  expect(cells.map(({ engine, runtime }) => `${engine} on ${runtime}`)).toEqual([
    'node:sqlite on node24',
    'node:sqlite on bun',
    '@photostructure/sqlite on node20',
    'node:sqlite on node22',
  ])
})

test('the limits of an owner are also tested on an asynchronous engine', () => {
  const files = ['test/remote-clients/credits.test.ts', 'test/remote-clients/malformed.test.ts']
  const limited = runs.filter(({ folders }) => files.every((file) => folders.some((folder) => isIn(file, folder))))
  expect(limited.map(({ engine }) => engine)).toEqual(['sqlite3', 'node:sqlite', 'bun:sqlite'])
})

test('the host is tested on the oldest Node and on Bun', () => {
  const host = runs.filter((run) => run.group === 'host')
  expect(host.map(({ runtime }) => runtime)).toEqual(['node20', 'bun'])
  expect(host.map(({ folders }) => folders)).toEqual([['test/host', 'test/http'], ['test/host']])
})

test('names are unique, and each run names a runtime that is installed', () => {
  expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length)
  for (const { runtime } of runs) expect(existsSync(runtimes[runtime]?.path ?? ''), runtime).toBe(true)
})
