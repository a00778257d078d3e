import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'
import type { LinkFile } from './publish.js'
import { TemporaryFile } from './temporary-file.js'

/** Keeps a second restore away from a file that is being replaced. */
export interface RestoreLock {
  release(): Promise<void>
}

/**
 * @param linkFile For tests.
 * @throws PersistenceError `FILE_IN_USE` while another restore has the target.
 */
export async function lockTarget(target: string, linkFile: LinkFile = link): Promise<RestoreLock> {
  const path = `${target}.restoring`
  const text = JSON.stringify({ host: HOST, pid: process.pid, id: randomUUID() })
  for (;;) {
    if (await create(path, text, linkFile)) return { release: () => rm(path, { force: true }) }
    const holder = await readFile(path, 'utf8').catch(() => undefined)
    if (holder === undefined && !(await isThere(path))) continue // It has just been released.
    if (holder === undefined || !isOver(holder)) throw inUse(target, path)
    await removeStale(path, holder)
  }
}

async function create(path: string, text: string, linkFile: LinkFile): Promise<boolean> {
  // Whole from the beginning, so that nobody reads half of it.
  const whole = await TemporaryFile.beside(path)
  try {
    await whole.write(text)
    await linkFile(whole.path, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    return await createWithoutLink(path, text)
  } finally {
    await whole.remove()
  }
}

/** Half of it is taken for a lock that is held: a death in between leaves one that only people remove. */
async function createWithoutLink(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Also as a symbolic link that leads to nothing. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
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
  const aside = await TemporaryFile.beside(path)
  try {
    await rename(path, aside.path)
    if ((await readFile(aside.path, 'utf8')) !== holder) await copyFile(aside.path, path, constants.COPYFILE_EXCL)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  } finally {
    await aside.remove()
  }
}

function inUse(target: string, path: string): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'restore',
    `restore ${target}: another restore has it; wait for it, or remove ${path} if no process is at it any more`,
  )
}
