import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, lstat, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'
import type { LinkFile } from './publish.js'
import { TemporaryFile } from './temporary-file.js'

/** Excludes other restores of a file while one replaces it. */
export interface RestoreLock {
  release(): Promise<void>
}

/**
 * Locks a target by a file beside it.
 *
 * @param linkFile For tests.
 * @throws PersistenceError `FILE_IN_USE` while another restore has locked the target.
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
  // Written under another name first, so that no process reads a part of it.
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

/** An incomplete lock file counts as held: if the process dies in between, only people can remove it. */
async function createWithoutLink(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Whether something has the name, even a symbolic link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
}

/** Whether the process that wrote it has died. */
function isOver(holder: string): boolean {
  try {
    const { host, pid } = JSON.parse(holder) as { host?: unknown; pid?: unknown }
    return host === HOST && !isAlive(Number(pid))
  } catch {
    // Not a lock file of ours, so it names no dead process.
    return false
  }
}

/** Removes the lock of a dead process. If another process has replaced it by its own lock meanwhile, that one is put back. */
async function removeStale(path: string, holder: string): Promise<void> {
  const removed = await TemporaryFile.beside(path)
  try {
    await rename(path, removed.path)
    if ((await readFile(removed.path, 'utf8')) !== holder) await copyFile(removed.path, path, constants.COPYFILE_EXCL)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  } finally {
    await removed.remove()
  }
}

function inUse(target: string, path: string): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'restore',
    `restore ${target}: another restore has it; wait for it, or remove ${path} if no process is at it any more`,
  )
}
