import type { EngineUnderTest, Runner } from '@go-go-scope/persistence-conformance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runs, runtimes } from '../matrix.mjs'

// Set by scripts/test.mjs. There is no default engine.
const declared = runs.find((run) => run.name === process.env.CELL)
if (declared?.engine === undefined) throw new Error('start a cell with `npm test -- --cell postgres:pg`')
const { engine: name, runtime } = declared

const module: { engine: EngineUnderTest } = await import(
  new URL(`engines/${name.replace('postgres:', '').replace('.', '-')}.mjs`, import.meta.url).href
)

/** The adapter of the cell with its client library. */
export const engine: EngineUnderTest = module.engine

/** vitest as the suites expect it: without the argument that vitest passes to a test's body. */
export const runner: Runner = {
  describe,
  test: (title, body, timeoutMs) => test(title, () => body(), timeoutMs),
}

/** Declares the test that this process runs the declared cell; the runner requires it in each run. */
export function proveCell(): void {
  test('runs on the declared runtime and client library', async ({ task }) => {
    const { bun, node } = process.versions
    expect(bun === undefined ? `node ${node}` : `bun ${bun}`).toBe(runtimes[runtime]?.version)
    expect(engine.name).toBe(name)
    const place = await engine.places?.take()
    const handle = await engine.openHandle(place ?? '')
    const [row] = await engine.rows(handle, 'SELECT version() AS version')
    await engine.closeHandle(handle)
    if (place !== undefined) await engine.places?.give(place)
    expect(row?.version).toMatch(/^PostgreSQL \d+/)
    Object.assign(task.meta, { engine: engine.name })
  })
}

/** Gives each test of a file its own schema. Call it once per file. @returns its name, during a test. */
export function schemaForEachTest(): { name: string } {
  const schema = { name: '' }
  const { places } = engine
  if (places === undefined) throw new Error(`${name} has no schemas to give`)
  beforeEach(async () => {
    schema.name = await places.take()
  })
  afterEach(() => places.give(schema.name))
  return schema
}
