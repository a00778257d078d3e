import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { runExample, startExample } from '../examples/run-example.js'
import { writeShortSource } from '../examples/short-source.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

/** The exit code that a shell reports for a program that wrote to a pipe without a reader. */
const UNREAD = 141

// As in resumable-import.test.ts: many processes at a time, perhaps on a loaded machine.
vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder('closed-output')
let source: string
beforeAll(async () => {
  source = await writeShortSource(join(folder, 'cities.json'), 3000)
})

/** Runs an example whose output is closed before it writes. */
function runUnread(script: string, args: string[] = []): ReturnType<typeof runExample> {
  const run = startExample(script, args)
  run.stopReading()
  return run.ended
}

// Concurrent, because they mostly wait.
describe.concurrent('an example whose output was closed ends silently', () => {
  // The other examples are in test/example-code, on Node, where it ends them. On Bun console.log ignores the closed pipe.
  test('api-cache, at once or at its end', async () => {
    const { code, stderr } = await runUnread('api-cache/main.ts', [join(folder, 'api-cache.db')])
    expect({ code, stderr }).toEqual({ code: process.versions.bun === undefined ? UNREAD : 0, stderr: '' })
  })

  test('resumable-import, which can be resumed', async () => {
    const flags = ['--db', join(folder, 'cities.db'), '--source', source]
    const { code, stderr } = await runUnread('resumable-import/main.ts', [...flags, '--slow', '--batch', '250'])
    expect({ code, stderr }).toEqual({ code: UNREAD, stderr: '' })
    const resumed = await runExample('resumable-import/main.ts', flags)
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
    expect(resumed.stdout).toContain('Every city was imported exactly once.')
  })

  test('resumable-import, the demonstration, with the processes that it started', async () => {
    const flags = ['--db', join(folder, 'demonstration.db'), '--source', source]
    const run = startExample('resumable-import/main.ts', [...flags, '--demo', '--batch', '100'])
    await run.printed(/Meanwhile/)
    run.stopReading()
    const { code, stderr } = await run.ended
    expect({ code, stderr }).toEqual({ code: UNREAD, stderr: '' })
    // The lock was released, so the import resumes at once.
    const resumed = await runExample('resumable-import/main.ts', flags)
    expect(resumed.stdout).not.toContain('Another process is importing')
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0)
  })
})
