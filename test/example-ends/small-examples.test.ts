import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { runExample } from '../examples/run-example.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

// As in test/examples/resumable-import.test.ts: many processes at a time, perhaps on a loaded machine.
vi.setConfig({ testTimeout: 120_000 })

const folder = temporaryFolder('small-examples')

// Concurrent, because they mostly wait. The other examples are in test/examples.
describe.concurrent('the example', () => {
  test('api-cache: a hundred callers cause one request, and the next run none', async () => {
    const run = () => runExample('api-cache/main.ts', [join(folder, 'api-cache.db')])
    const first = await run()
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('100 callers asked for the weather of Reykjavík and got 4 °C.')
    expect(first.stdout).toContain('Requests sent to the API: 1;')
    expect((await run()).stdout).toContain('Requests sent to the API: 0;')
  })

  test('cron-without-overlap: a run is skipped while another process holds the lock, and a killed one frees it after its lease', async () => {
    const { code, stdout, stderr } = await runExample('cron-without-overlap/main.ts', [join(folder, 'cron.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    // Run 5 comes within the lease of the killed run, or after it on a loaded machine.
    const said = stdout.split('\n').filter((line) => /^run [^5]/.test(line))
    expect(said).toEqual([
      'run 1: started',
      'run 1: done',
      'run 2: started',
      'run 3: skipped, another run holds the lock',
      'run 2: stopped by SIGTERM',
      'run 4: started',
      'run 4: killed with SIGKILL',
      'run 6: started',
      'run 6: done',
    ])
  })

  test('cluster-api: workers share locks, loads and orders, a killed one leaves nothing behind, and the end loses no answer', async () => {
    const { code, stdout, stderr } = await runExample('cluster-api/main.ts', [join(folder, 'cluster.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      '3 workers serve the API; the primary owns cluster.db.',
      '60 requests for the rates, over all workers: fetched 1 time.',
      '20 requests with one Idempotency-Key: charged 1 time, 1 distinct answer.',
      '12 concurrent requests for the report: 1 created it, 11 got 409 because it was in progress.',
      'A worker is killed while it creates the report: its lock is free.',
      'A worker is killed while it handles an order: the retried order is charged 1 time.',
      'The API shuts down while it handles 6 requests: 6 are answered.',
      '',
    ])
  })

  test('circuit-breaker-restart: what opened before the restart is open after it, and closes in time', async () => {
    const { code, stdout, stderr } = await runExample('circuit-breaker-restart/main.ts', [join(folder, 'breaker.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [, down, restarted, recovered] = stdout.split(/^\w+ process/m) as [string, string, string, string]
    expect(down).toContain('call 3: the service is down (circuit open)')
    expect(down).toContain('call 4: Circuit breaker is open (circuit open)')
    expect(restarted).toContain('call 1: Circuit breaker is open (circuit open)')
    expect(recovered).toContain('call 1: the service answered (circuit closed)')
  })
})
