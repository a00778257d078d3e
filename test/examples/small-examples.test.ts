import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runExample } from './run-example.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'small-examples-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

// At the same time, because they mostly wait.
describe.concurrent('the example', () => {
  test('api-cache: a hundred callers cause one request, and the next run none', async () => {
    const run = () => runExample('api-cache/main.mjs', [join(folder, 'api-cache.db')])
    const first = await run()
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('100 callers asked for the weather of Reykjavík and got 4 °C.')
    expect(first.stdout).toContain('Requests sent to the API: 1;')
    expect((await run()).stdout).toContain('Requests sent to the API: 0;')
  })

  test('cron-without-overlap: a run is skipped while the process of another holds the lock, and for its lease after a kill', async () => {
    const { code, stdout, stderr } = await runExample('cron-without-overlap/main.mjs', [join(folder, 'cron.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const said = stdout.split('\n').filter((line) => line.startsWith('run '))
    expect(said).toEqual([
      'run 1: started',
      'run 1: done',
      'run 2: started',
      'run 3: skipped, another run holds the lock',
      'run 2: done',
      'run 4: started',
      'run 4: killed with SIGKILL',
      'run 5: skipped, another run holds the lock',
      'run 6: started',
      'run 6: done',
    ])
  })

  test('circuit-breaker-restart: what opened before the restart is open after it, and closes in time', async () => {
    const { code, stdout, stderr } = await runExample('circuit-breaker-restart/main.mjs', [join(folder, 'breaker.db')])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [, down, restarted, recovered] = stdout.split(/^\w+ process/m) as [string, string, string, string]
    expect(down).toContain('call 3: the service is down (circuit open)')
    expect(down).toContain('call 4: Circuit breaker is open (circuit open)')
    expect(restarted).toContain('call 1: Circuit breaker is open (circuit open)')
    expect(recovered).toContain('call 1: the service answered (circuit closed)')
  })
})
