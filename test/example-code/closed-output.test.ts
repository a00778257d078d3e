import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { startExample } from '../examples/run-example.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

/** The exit code that a shell reports for a program that wrote to a pipe without a reader. */
const UNREAD = 141

vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder('closed-output')

// Concurrent, because they mostly wait.
describe.concurrent('an example whose output was closed ends silently', () => {
  test.each([
    ['cron-without-overlap', 'cron.db'],
    ['circuit-breaker-restart', 'breaker.db'],
    ['backup-and-standby', 'orders.db'],
    ['cluster-api', 'cluster.db'],
  ])('%s', async (name, file) => {
    const run = startExample(`${name}/main.ts`, [join(folder, file)])
    run.stopReading()
    const { code, stderr } = await run.ended
    expect({ code, stderr }).toEqual({ code: UNREAD, stderr: '' })
  })
})
