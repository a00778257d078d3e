import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'

/** Keeps a second restore away from a file that is being replaced. */
export interface RestoreLock {
  release(): Promise<void>
}

/** @throws PersistenceError `FILE_IN_USE` while another restore has the target. */
export async function lockTarget(target: string): Promise<RestoreLock> {
  const path = `${target}.restoring`
  const text = JSON.stringify({ host: HOST, pid: process.pid, id: randomUUID() })
  for (;;) {
    if (await create(path, text)) return { release: () => rm(path, { force: true }) }
    const holder = await readFile(path, 'utf8').catch(() => undefined)
    if (holder === undefined) continue // It has just been released.
    if (!isOver(holder)) throw inUse(target, path)
    await removeStale(path, holder)
  }
}

async function create(path: string, text: string): Promise<boolean> {
  // Whole from the beginning, so that nobody reads half of it.
  const whole = `${path}-${randomUUID()}`
  const file = await open(whole, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await link(whole, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await file.close()
    await rm(whole)
  }
}

/** Whether the process that wrote it has died. */
function isOver(holder: string): boolean {
  try {
    const { host, pid } = JSON.parse(holder) as { host?: unknown; pid?: unknown }
    return host === HOST && !isAlive(Number(pid))
  } catch {
    // Not ours: it says nothing of a process that is over.
    return false
  }
}

/** Of those that find the same dead holder one removes it, and none removes the lock of the next. */
async function removeStale(path: string, holder: string): Promise<void> {
  const aside = `${path}-${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== holder) await link(aside, path)
  await rm(aside)
}

function inUse(target: string, path: string): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'restore',
    `restore ${target}: another restore has it; wait for it, or remove ${path} if no process is at it any more`,
  )
}
