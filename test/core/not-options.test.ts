import * as sqlite3 from '@go-go-scope/persistence-sqlite'
import * as nodeSqlite from '@go-go-scope/persistence-sqlite-node'
import { expect, test } from 'vitest'

// With the packages themselves: the engines of the suites add options to `open` and copy those of a test.
test.each([
  ['persistence-sqlite-node', nodeSqlite],
  ['persistence-sqlite', sqlite3],
])('open of %s does not take a promise of options for empty options', async (_name, { SQLiteAdapter }) => {
  for (const [wrong, named] of [
    [Promise.resolve({ locks: 'database' }), 'a promise that was not awaited'],
    [new Map([['locks', 'database']]), 'Map'],
    [[], '[]'],
  ] as const) {
    const problem = await SQLiteAdapter.open(':memory:', wrong as never).catch((error) => error)
    expect(problem).toMatchObject({ code: 'INVALID_OPTION' })
    expect(problem.message).toContain('options must be an object with keyPrefix')
    expect(problem.message).toContain(named)
  }
})
