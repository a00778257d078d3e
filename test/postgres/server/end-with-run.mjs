import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Ends a test server when its standard input ends, that is, when the run that started it has ended in any way. Its argument is
 * the folder of the server, which it removes. If the folder is missing, there is nothing to do.
 */
const [, , folder = ''] = process.argv
const POLL_MS = 50
const PATIENT_MS = 5_000

process.stdin.resume().once('close', () => void endServer())

async function endServer() {
  const pid = await postmaster()
  if (pid !== undefined) {
    const waited = await untilGone(pid, 'SIGINT', PATIENT_MS)
    if (!waited) await untilGone(pid, 'SIGKILL', PATIENT_MS)
  }
  await rm(folder, { recursive: true, force: true })
}

/** @returns {Promise<number | undefined>} */
async function postmaster() {
  try {
    return Number((await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n', 1)[0])
  } catch {
    // The server has already ended, as after a normal run.
    return undefined
  }
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 * @param {number} patience ms
 */
async function untilGone(pid, signal, patience) {
  try {
    process.kill(pid, signal)
    for (let waited = 0; waited < patience; waited += POLL_MS) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      process.kill(pid, 0)
    }
    return false
  } catch {
    return true
  }
}
