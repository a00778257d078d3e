import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineUnderTest } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { runs, runtimes } from '../matrix.mjs'

const declared = runs.find((run) => run.name === process.env.CELL)
if (declared?.engine === undefined) throw new Error('start a cell with `npm test -- --cell processes:node:sqlite`')
const { engine: name, runtime } = declared

/** A busy timeout that no test reaches. */
const PATIENCE_MS = 60_000

const { engine }: { engine: EngineUnderTest } = name.startsWith('postgres:')
  ? await import('../postgres/cell.js')
  : await import('../cells/cell.js')

/** Declares the test that this process runs the declared cell; the runner requires it in each run. */
export function proveCell(): void {
  test('runs on the declared runtime and engine', async ({ task }) => {
    const { bun, node } = process.versions
    expect(bun === undefined ? `node ${node}` : `bun ${bun}`).toBe(runtimes[runtime]?.version)
    await using place = await takePlace()
    const adapter = await place.open()
    expect((await adapter.stats()).engine).toBeTruthy()
    expect(engine.name).toBe(name)
    Object.assign(task.meta, { engine: engine.name })
  })
}

export type AdapterUnderTest = InstanceType<EngineUnderTest['SQLiteAdapter']>
type Options = Parameters<EngineUnderTest['SQLiteAdapter']['open']>[1]

/** The database of one test. Disposing it closes everything that was opened on it. */
export interface Place extends AsyncDisposable {
  open(options?: Options): Promise<AdapterUnderTest>
}

export async function takePlace(): Promise<Place> {
  const folder = engine.places === undefined ? mkdtempSync(join(tmpdir(), 'integration-')) : undefined
  const path = folder === undefined ? await engine.places?.take() : join(folder, 'app.db')
  const opened: AdapterUnderTest[] = []
  return {
    async open(options) {
      const adapter = await engine.SQLiteAdapter.open(path as string, { busyTimeout: PATIENCE_MS, ...options })
      opened.push(adapter)
      return adapter
    },
    async [Symbol.asyncDispose]() {
      for (const adapter of opened) await adapter.disconnect()
      if (folder === undefined) await engine.places?.give(path as string)
      else rmSync(folder, { recursive: true, force: true })
    },
  }
}
