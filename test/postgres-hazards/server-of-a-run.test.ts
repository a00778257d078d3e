import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { eventually } from './server-adapters.js'

proveCell()

test('the server of a killed run ends', async () => {
  const program = fileURLToPath(new URL('start-and-wait.mjs', import.meta.url))
  const run = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await once(run.stdout, 'data')
  const { pid, folder } = JSON.parse(String(output)) as { pid: number; folder: string }
  const runs = (): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  expect(runs()).toBe(true)
  expect(existsSync(folder)).toBe(true)
  run.kill('SIGKILL')
  await eventually(async () => (runs() || existsSync(folder) ? undefined : true))
})
