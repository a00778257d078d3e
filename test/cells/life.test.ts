import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { afterAll, describe, expect, test } from 'vitest'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'
import { proofCount } from '../proof/proof-count.js'
import { reportProof } from '../proof/report-proof.js'
import { cell, engine } from './cell.js'
import { proveCell } from './prove-cell.js'

proveCell()

const MEGABYTE = 1024 * 1024

interface Left {
  written: number
  late: number
  wrong: unknown[]
  sidecars: string[]
  openFiles: number
}

describe('the life of adapters in a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'life-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs a script until it ends without other output, and returns its one line. */
  async function run<T>(script: string, name: string, ...args: number[]): Promise<T> {
    const place = join(folder, name)
    mkdirSync(place, { recursive: true })
    const url = new URL(`../proof/life/${script}.mjs`, import.meta.url)
    // Node's young generation grows over time, which is not a leak.
    const env = cell.runtime === 'bun' ? {} : { NODE_OPTIONS: '--expose-gc --max-semi-space-size=1' }
    const one = new ProofProcess(thisMember, url, [join(place, 'app.db'), ...args], env)
    return withProcesses([one], async () => {
      const said = await one.next<T>()
      expect(await one.ended).toEqual({ code: 0, signal: null, stderr: '' })
      return said as T
    })
  }

  test('open and close with calls in flight, twice and late: all settle, nothing is left, the process ends', async () => {
    const rounds = proofCount({ inTests: 10, inSoak: 200 })
    const { openFiles, sidecars, ...left } = await run<Left>('open-and-close', 'rounds', rounds)
    expect(left).toEqual({ written: rounds * 20, late: rounds, wrong: [] })
    // Version 1 of this engine keeps a file open until its statement objects are collected.
    if (engine.name !== '@photostructure/sqlite')
      expect({ openFiles, sidecars }).toEqual({ openFiles: 0, sidecars: [] })
    reportProof({
      proof: 'open and close with calls in flight, twice and late',
      file: 'test/cells/life.test.ts',
      runs: `${rounds} rounds`,
      result: `all settled, exit code 0, ${sidecars.length} sidecars and ${openFiles} open descriptors left`,
    })
  }, 600_000)

  test('a process that exits with calls in flight ends with its own exit code and loses nothing acknowledged', async () => {
    const exits = proofCount({ inTests: 1, inSoak: 200 })
    let acknowledged = 0
    for (let exit = 0; exit < exits; exit++) {
      const known = await run<number>('exit-midway', `exit-${exit}`)
      const adapter = await engine.SQLiteAdapter.open(join(folder, `exit-${exit}`, 'app.db'))
      const there = await adapter.cache.keys('k*')
      await adapter.disconnect()
      expect(there.length).toBeGreaterThanOrEqual(known)
      acknowledged += known
    }
    expect(acknowledged).toBeGreaterThan(exits * 20)
    reportProof({
      proof: 'process.exit with calls in flight',
      file: 'test/cells/life.test.ts',
      runs: `${exits} exits`,
      result: `exit code 0, 0 of ${acknowledged} acknowledged writes lost`,
    })
  }, 600_000)

  test('memory does not grow with the number of operations', async () => {
    const operations = proofCount({ inTests: 3_000, inSoak: 100_000 })
    const { added } = await run<{ added: number }>('memory-slope', 'memory', operations)
    // A short run still includes some warm-up.
    expect(added).toBeLessThan(proofCount({ inTests: 6, inSoak: 5 }) * MEGABYTE)
    reportProof({
      proof: 'memory over operations',
      file: 'test/cells/life.test.ts',
      runs: `${operations} operations, 4 times`,
      result: `${(added / MEGABYTE).toFixed(1)} MiB`,
    })
  }, 600_000)
})
