import { conformance } from '@go-go-scope/persistence-conformance'
import { describe, expect, test } from 'vitest'
import { engines, runs, runtimes } from '../matrix.mjs'

// Set by scripts/test.mjs; a cell that is not declared has no engine to fall back to.
const cell = runs.find((run) => run.engine !== undefined && run.name === process.env.CELL)
if (cell?.engine === undefined) throw new Error('start a cell with `npm test -- --cell sqlite3:node20`')

const { module } = engines[cell.engine as keyof typeof engines]
const { engine } = await import(new URL(`engines/${module}`, import.meta.url).href)

test('runs on the declared runtime and engine', async ({ task }) => {
  const { bun, node } = process.versions
  expect(bun === undefined ? `node ${node}` : `bun ${bun}`).toBe(runtimes[cell.runtime]?.version)
  expect(engine.name).toBe(cell.engine)
  const handle = await engine.openHandle(':memory:')
  const [row] = await engine.rows(handle, 'SELECT sqlite_version() AS version')
  await engine.closeHandle(handle)
  expect(row.version).toMatch(/^3\.\d+\.\d+$/)
  Object.assign(task.meta, { engine: engine.name })
})

conformance({ describe, test: (name, body, timeoutMs) => test(name, () => body(), timeoutMs) }, engine)
