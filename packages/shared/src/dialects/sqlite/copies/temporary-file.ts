import { open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { flushHandle } from '../file/flush-handle.js'
import { isLeftBehind, temporaryPath } from '../file/temporary-name.js'

/**
 * An incomplete file. It is in the folder of its target, because a file cannot be moved to another file system in one step. Only its
 * owner can read it.
 */
export class TemporaryFile {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Creates an empty one with mode 0600. Removes those of dead processes before. */
  static async beside(target: string): Promise<TemporaryFile> {
    const folder = dirname(target)
    await sweep(folder)
    const file = new TemporaryFile(temporaryPath(folder))
    await (await open(file.path, 'wx', 0o600)).close()
    return file
  }

  /** Writes its whole content and flushes it. */
  async write(text: string | AsyncIterable<string>): Promise<void> {
    const file = await open(this.path, 'w')
    try {
      await file.writeFile(text)
      await flushHandle(file)
    } finally {
      await file.close()
    }
  }

  /** Removes it with the files beside it. May be called again, also while an engine has it open. Never rejects. */
  async remove(): Promise<void> {
    // An engine may leave the others beside a database.
    for (const suffix of ['', '-journal', '-wal', '-shm']) {
      // The caller has a result or an error to report. Windows does not remove it while an engine has it open; a later call does.
      await rm(this.path + suffix, { force: true }).catch(() => undefined)
    }
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // In a folder like /tmp, only its owner can remove a file.
    if (isLeftBehind(name)) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
