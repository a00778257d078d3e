import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { expectVerified } from './expect-verified.js'
import { runExampleWithoutLoader } from './run-example.js'
import { writeShortSource } from './short-source.js'

const MAIN = 'resumable-import/main.ts'

// A demonstration is five processes: on a machine that is busy with other work that takes more than a test usually may.
vi.setConfig({ testTimeout: 120_000 })

/**
 * Two front ends on each runtime: over the three of them each is killed once and runs twice, and once a process of Node hands
 * over to Bun, which the front end of Bun needs. The names are the same on all, so that the runs can be compared.
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

// At the same time, because they mostly wait for processes to start.
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

  // The kills are those of the other test: each front end is in it on one runtime.
  test('on another of the front ends it ends with every city exactly once', async () => {
    const { code, stdout, stderr } = await runExampleWithoutLoader(MAIN, importInto(another, 'whole.db'))
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expectVerified(stdout)
  })
})
