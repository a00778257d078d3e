import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startExample } from '../examples/run-example.js'

/** What a shell reports of a program that wrote to a pipe nobody reads. */
const UNREAD = 141

vi.setConfig({ testTimeout: 120_000 })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'closed-output-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

// At the same time, because they mostly wait.
describe.concurrent('an example whose output nobody reads any more ends without a word', () => {
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
