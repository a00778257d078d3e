import { describe, expect, test } from 'vitest'
import { gates } from './gates/all-gates.js'
import { engineLists } from './gates/engine-lists.js'
import { applyGate, type Gate } from './gates/gate.js'
import { portLists } from './gates/port-lists.js'
import { tableLists } from './gates/table-lists.js'
import { repositoryFiles } from './repository-files.js'

/** One violation of each rule and a similar correct file. Machine paths are concatenated, or this file would contain one. */
const plantedByRule: Record<string, { path: string; wrong: string; right: string }[]> = {
  'imports point one way': [
    {
      path: 'packages/shared/src/stores/cache/cache-store.ts',
      wrong: "import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite'",
      right: "import { keyRange } from '../keys/key-range.js' // not from '@go-go-scope/persistence-sqlite'",
    },
    {
      path: 'packages/shared/src/index.ts',
      wrong: "export * from '../../go-go-scope/src/index.js'",
      right: "export type { Row } from './driver/driver.js'",
    },
    {
      path: 'packages/go-go-scope/src/index.ts',
      wrong: "const core = await import('@go-go-scope/persistence-core')",
      right: "import type { LockProvider } from '@go-go-scope/persistence-core/ports'",
    },
    {
      path: 'packages/persistence-sqlite-bun/src/adapter.ts',
      wrong: "import { DatabaseSync } from 'node:sqlite'",
      right: "import { join } from 'node:path'",
    },
    { path: 'packages/newcomer/src/index.ts', wrong: '', right: '' },
  ],
  'the files of the host import one another in no circle': [
    {
      path: 'packages/go-go-scope/src/scope/scope.ts',
      wrong: "import { Scope } from './scope.js'",
      right: "import { Lock } from '../lock/lock.js'",
    },
  ],
  'a front end has at most 7 source files and 300 lines in all': [
    { path: 'packages/persistence-sqlite/src/adapter.ts', wrong: '\n'.repeat(300).concat('x'), right: 'x' },
  ],
  'the core names no engine': [
    { path: 'packages/shared/src/errors/classify.ts', wrong: "if (engine === 'sqlite3')", right: '// as sqlite3 does' },
    { path: 'packages/shared/src/errors/classify.ts', wrong: 'await import("bun:sqlite")', right: 'x' },
  ],
  'a front end holds no SQL': [
    { path: 'packages/persistence-sqlite/src/adapter.ts', wrong: "run('SELECT 1')", right: '// SELECT\nselect(1)' },
    { path: 'packages/persistence-sqlite/src/adapter.ts', wrong: "run('pragma x')", right: "'no pragma x'" },
  ],
  'imports within the core go down': [
    {
      path: 'packages/shared/src/session/session.ts',
      wrong: "import { CacheStore } from '../stores/cache/cache-store.js'",
      right: "import { Connection } from '../connection/connection.js'",
    },
    {
      path: 'packages/shared/src/stores/lock/lock-manager.ts',
      wrong: "import type { CacheSql } from '../cache/cache-sql.js'",
      right: "import type { Hold } from './hold.js'",
    },
    { path: 'packages/shared/src/attic/box.ts', wrong: 'export {}', right: '' },
  ],
  'what is outside the dialects knows no dialect': [
    {
      path: 'packages/shared/src/session/session.ts',
      wrong: "query('PRAGMA data_version')",
      right: '// SQLite answers at once\nquery(dialect.version)',
    },
  ],
  'SQL is held by a dialect alone': [
    {
      path: 'packages/shared/src/stores/cache/cache-store.ts',
      wrong: 'const sql = `DELETE FROM entries`',
      right: 'this.#session.executeRegardless(this.#sql.delete)',
    },
  ],
  'what is outside the dialects names no table': [
    {
      path: 'packages/shared/src/stores/lock/database-lock-manager.ts',
      wrong: "new Error('the row of go_goscope_lock_counter is gone')",
      right: '// go_goscope_lock_counter\nnew Error(sql.counterTable)',
    },
  ],
  'every suite of the conformance package runs': [
    {
      path: 'packages/persistence-conformance/src/suites/counters.ts',
      wrong: "export const counters: EngineSuite = engineSuite('counters', (check) => {})",
      right: 'export const SOME_COUNTER = 1',
    },
    {
      path: 'packages/persistence-conformance/src/port-suites/counter-port.ts',
      wrong: "export const counterPort: PortSuite = portSuite('counter', 'counter port', (check) => {})",
      right: '',
    },
  ],
  'a transaction says what it locks: BEGIN IMMEDIATE': [
    { path: 'packages/shared/src/queue/sync-queue.ts', wrong: "query('BEGIN')", right: "query('BEGIN IMMEDIATE')" },
  ],
  'a library writes to no console': [
    { path: 'packages/go-go-scope/src/index.ts', wrong: 'console.warn(1)', right: '// no console.warn(1)' },
  ],
  'time and chance come from the options': [
    { path: 'packages/shared/src/stores/cache/cache-store.ts', wrong: 'Date.now()', right: 'this.#clock.now()' },
  ],
  'monotonic time is never stored': [
    {
      path: 'packages/shared/src/stores/cache/cache-store.ts',
      wrong: 'this.#clock.monotonic()',
      right: 'this.#clock.now()',
    },
  ],
  'no file names a path of one machine': [
    { path: 'README.md', wrong: `cd ${['', 'home', 'me', 'app'].join('/')}`, right: 'cd ./home/me' },
  ],
  'no file names a registry host': [
    { path: '.npmrc', wrong: `x=https://${['registry', 'example', 'org'].join('.')}`, right: 'x=the registry' },
  ],
  'the lockfile names no place to fetch from': [
    { path: 'pnpm-lock.yaml', wrong: 'resolution: {tarball: x}', right: 'resolution: {integrity: x}' },
  ],
}

const planted: Record<string, { path: string; wrong: string; right: string }[]> = {
  ...plantedByRule,
  ...Object.fromEntries(engineLists.map((gate) => plantedInList(gate, /persistence-sqlite-bun|bun-sqlite/g))),
  ...Object.fromEntries(portLists.map((gate) => plantedInList(gate, /checkpoint/gi))),
  ...Object.fromEntries(tableLists.map((gate) => plantedInList(gate, /go_goscope_claims/g))),
}

/** Returns the real list, and the same list without what `one` matches. */
function plantedInList(gate: Gate, one: RegExp) {
  const file = repositoryFiles().find(({ path }) => gate.covers(path))
  if (file === undefined) throw new Error(`no file is covered by: ${gate.rule}`)
  const wrong = file.text.replaceAll(one, 'another')
  return [gate.rule, [{ path: file.path, wrong, right: file.text }]]
}

describe.each(gates.map((gate) => [gate.rule, gate] as const))('%s', (rule, gate) => {
  test('a planted violation is found', () => {
    const cases = planted[rule] ?? []
    expect(cases.length).toBeGreaterThan(0)
    for (const { path, wrong } of cases) expect(applyGate(gate, [{ path, text: wrong }]), path).not.toEqual([])
  })

  test('its right counterpart is not', () => {
    for (const { path, right } of planted[rule] ?? []) {
      if (right !== '') expect(applyGate(gate, [{ path, text: right }]), path).toEqual([])
    }
  })

  test('covering no file at all is a violation', () => {
    expect(applyGate(gate, [])).toHaveLength(1)
  })
})

test('an eighth source file in a front end is a violation', () => {
  const gate = gates.find(({ rule }) => rule.startsWith('a front end has'))
  const files = Array.from({ length: 8 }, (_, i) => ({ path: `packages/persistence-sqlite/src/${i}.ts`, text: 'x' }))
  expect(gate && applyGate(gate, files)).toEqual(['packages/persistence-sqlite has 8 source files'])
})

test('a suite that is imported and not listed is a violation, and no listed one is', () => {
  const gate = gates.find(({ rule }) => rule.startsWith('every suite of the conformance'))
  const at = (path: string, text: string) => ({ path: `packages/persistence-conformance/src/${path}`, text })
  const suite = (name: string) => at(`suites/${name}.ts`, `export const ${name}: EngineSuite = engineSuite('a', run)`)
  const declared = "import { one } from './suites/one.js'\nimport { two } from './suites/two.js'\n"
  const list = at('conformance.ts', `${declared}const SUITES: readonly EngineSuite[] = [\n  one,\n]\n`)
  const path = 'packages/persistence-conformance/src/suites/two.ts'
  expect(gate && applyGate(gate, [suite('one'), suite('two'), list])).toEqual([`${path}: two is in no list of suites`])
})

test('a circle of two files of the host is a violation that names them, and no other', () => {
  const gate = gates.find(({ rule }) => rule.startsWith('the files of the host'))
  const file = (name: string, ...imports: string[]) => ({
    path: `packages/go-go-scope/src/${name}.ts`,
    text: imports.map((imported) => `import type { X } from './${imported}.js'`).join('\n'),
  })
  const files = [file('below'), file('one', 'two', 'below'), file('two', 'one'), file('aside', 'below')]
  const [first, second] = ['packages/go-go-scope/src/one.ts', 'packages/go-go-scope/src/two.ts']
  expect(gate && applyGate(gate, files)).toEqual([`a circle in or below ${first}, ${second}`])
})
