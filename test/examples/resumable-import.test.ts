import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { expectVerified } from './expect-verified.js'
import { runExampleWithoutLoader } from './run-example.js'
import { writeShortSource } from './short-source.js'

const MAIN = 'resumable-import/main.ts'

// A demonstration is five processes: on a loaded machine that exceeds the default time limit of a test.
vi.setConfig({ testTimeout: 120_000 })

/**
 * Two front ends per runtime. Over the three runtimes each front end is killed once and runs twice, and once Node starts Bun
 * for Bun's front end. The titles are the same on all runtimes, so that the runs can be compared.
 */
const [one, another] = frontEnds()

function frontEnds(): readonly [one: string, another: string] {
  if (process.versions.bun !== undefined) return ['bun', 'sqlite3']
  return process.versions.node.startsWith('20.') ? ['sqlite3', 'node'] : ['node', 'bun']
}

const folder = temporaryFolder('resumable-import')
let source: string
beforeAll(async () => {
  source = await writeShortSource(join(folder, 'cities.json'), 3000)
})

const importInto = (frontEnd: string, file: string, ...more: string[]): string[] => {
  return ['--db', join(folder, file), '--front-end', frontEnd, '--source', source, ...more]
}

// Concurrent, because they mostly wait for processes to start.
describe.concurrent('resumable-import', () => {
  test('on one of the front ends, killed twice, it ends with every city exactly once', async () => {
    const { code, stdout, stderr } = await runExampleWithoutLoader(
      MAIN,
      importInto(one, 'killed.db', '--batch', '100', '--demo'),
    )
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/Killed with SIGKILL/g)).toHaveLength(2)
    expect(stdout).toContain('Another process is importing into this database.')
    // Killed between a batch and its checkpoint.
    expect(stdout).toContain('Resuming at the last checkpoint, 2,200; the table has 2,300 rows.')
    expectVerified(stdout)
  })

  // The other test has the kills: each front end is in it on one runtime.
  test('on another of the front ends it ends with every city exactly once', async () => {
    const { code, stdout, stderr } = await runExampleWithoutLoader(MAIN, importInto(another, 'whole.db'))
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expectVerified(stdout)
  })
})
