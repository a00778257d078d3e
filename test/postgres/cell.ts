import type { EngineUnderTest, Runner } from '@go-go-scope/persistence-conformance'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runs, runtimes } from '../matrix.mjs'

// Set by scripts/test.mjs; a cell that is not declared has no engine to fall back to.
const declared = runs.find((run) => run.name === process.env.CELL)
if (declared?.engine === undefined) throw new Error('start a cell with `npm test -- --cell postgres:pg`')
const { engine: name, runtime } = declared

const module: { engine: EngineUnderTest } = await import(
  new URL(`engines/${name.replace('postgres:', '').replace('.', '-')}.mjs`, import.meta.url).href
)

/** The adapter of the cell over its client library. */
export const engine: EngineUnderTest = module.engine

/** vitest as the suites want it: its own argument to a test's body is kept from them. */
export const runner: Runner = {
  describe,
  test: (title, body, timeoutMs) => test(title, () => body(), timeoutMs),
}

/** Declares the test that this process really is the declared cell; the runner looks for it in each. */
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

/** Gives each test of a file a schema of its own. To be called once in a file. @returns its name, while a test runs. */
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
