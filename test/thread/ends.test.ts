import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { cell, engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { runtimes } from '../matrix.mjs'
import { proofCount } from '../proof/proof-count.js'

proveCell()

const SCRIPT = fileURLToPath(new URL('../proof/thread/short.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ends-'))
const path = join(folder, 'app.db')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a process until it ends. */
async function run(what: string) {
  const { path: runtime = '' } = runtimes[cell.runtime] ?? {}
  return runProcess(runtime, [SCRIPT, engine.module.href, path, what], { limit: 30_000 })
}

async function reads(key: string): Promise<unknown> {
  const adapter = await engine.SQLiteAdapter.open(path)
  try {
    return await adapter.get(key)
  } finally {
    await adapter.disconnect()
  }
}

describe('a process with an engine in a thread', () => {
  test('ends by itself while the thread is idle', async () => {
    const { output, exitCode } = await run('rest')
    expect(exitCode, output).toBe(0)
    expect(await reads('begun')).toBe(1)
  }, 60_000)

  test('ends when its writes are answered', async () => {
    const { output, exitCode } = await run('write')
    expect(exitCode, output).toBe(0)
    expect(await reads('written')).toBe('write')
  }, 60_000)

  test('ends with the app’s exit code while calls are in flight, and the file is intact', async () => {
    for (let times = proofCount({ inTests: 3, inSoak: 50 }); times > 0; times--) {
      const { output, exitCode } = await run('exit')
      expect(exitCode, output).toBe(7)
      const plain = await engine.openHandle(path)
      expect(await engine.rows(plain, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
      await engine.closeHandle(plain)
    }
  }, 600_000)
})
