import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { HOST, isAlive } from '../../../processes/numbered-processes.js'
import { isThere } from '../file/create-file.js'
import { type LinkFile, publish } from './publish.js'
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
  if (await acquire(path, text, linkFile)) return { release: () => rm(path, { force: true }) }
  throw inUse(target, path)
}

/**
 * Creates the lock file, or replaces that of a dead process. A process that found a dead holder may act on that much later, so it
 * must not remove the file: by then it may be the lock of another process. It acquires the right to replace that holder first.
 *
 * @returns `false` if a live process has the lock, or that right.
 */
async function acquire(path: string, text: string, linkFile: LinkFile): Promise<boolean> {
  for (;;) {
    if (await create(path, text, linkFile)) return true
    const holder = await contentOf(path)
    if (holder === undefined && !(await isThere(path))) continue // It has just been released.
    if (holder === undefined || !isOver(holder)) return false
    const succession = successionOf(path, holder)
    if (!(await acquire(succession, text, linkFile))) return false
    if ((await contentOf(path)) === holder) {
      // In one step, so that the path is never free meanwhile.
      await rename(succession, path)
      return true
    }
    // Another process has replaced that holder before. No later lock has the same content.
    await rm(succession, { force: true })
  }
}

/** Returns the path of the file that gives its creator the right to replace that holder. */
function successionOf(path: string, holder: string): string {
  const name = createHash('sha256').update(holder).digest('hex').slice(0, 32)
  return join(dirname(path), `.go-goscope-${name}.restoring`)
}

async function create(path: string, text: string, linkFile: LinkFile): Promise<boolean> {
  // Written under another name first, so that no process reads a part of it.
  const whole = await TemporaryFile.beside(path)
  try {
    await whole.write(text)
    await publish(whole.path, path, 'restore', linkFile)
    return true
  } catch (error) {
    if (hasCode(error, 'FILE_EXISTS')) return false
    throw error
  } finally {
    await whole.remove()
  }
}

/** Returns `undefined` if there is no such file, or if it cannot be read. */
async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
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

function inUse(target: string, path: string): PersistenceError {
  return new PersistenceError(
    'FILE_IN_USE',
    'restore',
    `restore ${target}: another restore has it; wait for it, or remove ${path} if no process is at it any more`,
  )
}
