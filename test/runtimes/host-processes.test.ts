import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

/** Runs a program of host-processes/ on the runtime of this run; fails unless it ends by itself within 10 s. */
async function run(program: string): Promise<{ stdout: string; stderr: string }> {
  const path = fileURLToPath(new URL(`host-processes/${program}`, import.meta.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path], { timeout: 10_000 })
  return { stdout: stdout.trim(), stderr: stderr.trim() }
}

it('nothing in a hook, listener, timer or store becomes an unhandled rejection', async () => {
  const { stdout, stderr } = await run('unhandled.mjs')
  expect(JSON.parse(stdout)).toEqual([])
  expect(stderr).toBe('')
})

it('timers do not keep a process alive that waits for nothing', async () => {
  expect(await run('exits.mjs')).toMatchObject({ stdout: 'end', stderr: '' })
})

it('the time-out of a scope keeps a process alive while something in the scope or in a child waits for it', async () => {
  const { stdout, stderr } = await run('waits.mjs')
  const afterFailure = 'task after a lock that ended while its provider failed'
  const waits = ['task', 'task of a child', 'lock', 'lock of a child', 'semaphore', afterFailure, 'delay']
  expect(stdout.split('\n')).toEqual(waits.map((wait) => `${wait}: Scope timeout after 200ms`))
  expect(stderr).toBe('')
})
