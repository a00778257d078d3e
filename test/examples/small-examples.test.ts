import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../harness/temporary-folder.js'
import { runExample } from './run-example.js'

// As in resumable-import.test.ts: many processes at a time, perhaps on a loaded machine.
vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder('small-examples')

// Concurrent, because they mostly wait. One example forks and one spawns; both start as a reader starts them, on Node 20 with
// a loader. The other examples are in test/example-ends, on Node 24 and Bun.
describe.concurrent('the example', () => {
  test('backup-and-standby: nothing acknowledged before the backup is lost, and with the standby nothing at all', async () => {
    const { code, stdout, stderr } = await runExample('backup-and-standby/main.ts', [join(folder, 'orders.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/\[█{30}\] 100 %\n {3}\d+\.\d MB in \d+ ms; meanwhile \d+ orders were stored\./)
    expect(stdout).toMatch(/The app does not start: (CORRUPT|NOT_A_DATABASE)\./)
    expect(stdout).toMatch(/The damaged file is kept as orders\.db\.before-/)
    expect(stdout).toMatch(/acknowledged before the backup began: \d{3,}, of which 0 are lost\./)
    // The backup is of an earlier moment: it lacks the orders that were stored after it.
    expect(Number(/acknowledged since then: \d+, of which (\d+) are lost/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(
      100,
    )
    expect(stdout).toMatch(/The app is killed; the standby is following\./)
    expect(stdout).toMatch(/acknowledged since the restore: \d{3,}, of which 0 are lost\.\n$/)
  })

  test('http-service: each of its statements holds, with two processes of which one is killed', async () => {
    const { code, stdout, stderr } = await runExample('http-service/main.ts')
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n').map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      '✓ cache',
      '✓ cache',
      '✓ payments',
      '✓ payments',
      '✓ metrics',
      '✓ breaker',
      '✓ breaker',
      '✓ inspector',
      '✓ job',
      '✓ cron',
      '✓ backup',
      '✓ end',
      '',
    ])
  })
})
