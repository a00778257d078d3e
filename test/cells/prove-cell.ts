import { expect, test } from 'vitest'
import { runtimes } from '../matrix.mjs'
import { cell, engine } from './cell.js'

/** Declares the test that this process runs the declared cell; the runner requires it in each run. */
export function proveCell(): void {
  test('runs on the declared runtime and engine', async ({ task }) => {
    const { bun, node } = process.versions
    expect(bun === undefined ? `node ${node}` : `bun ${bun}`).toBe(runtimes[cell.runtime]?.version)
    expect(engine.name).toBe(cell.engine)
    const onServer = engine.places !== undefined
    const handle = await engine.openHandle(':memory:')
    const [row] = await engine.rows(handle, `SELECT ${onServer ? '' : 'sqlite_'}version() AS version`)
    await engine.closeHandle(handle)
    expect(row?.version).toMatch(onServer ? /^PostgreSQL \d+/ : /^3\.\d+\.\d+$/)
    Object.assign(task.meta, { engine: engine.name })
  })
}
