import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'

const BUSY_SECONDS = 0.1
const BUSY = `while (process.cpuUsage().user < ${BUSY_SECONDS * 1e6});`

test('the CPU time of an ended process is known, with that of its child processes', async () => {
  const starts = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(BUSY)}])`
  const { coreSeconds } = await runProcess(process.execPath, ['-e', `${starts}; ${BUSY}`])
  if (existsSync('/proc/self/stat')) expect(coreSeconds).toBeGreaterThan(2 * BUSY_SECONDS - 0.05)
  else expect(coreSeconds).toBeUndefined()
  const idle = await runProcess(process.execPath, ['-e', ''])
  if (coreSeconds !== undefined) expect(idle.coreSeconds).toBeLessThan(coreSeconds)
}, 120_000)
