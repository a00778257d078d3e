import { open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isLeftBehind, temporaryPath } from '../file/temporary-name.js'

// What an engine may have left beside a file.
const SIDECARS = ['-journal', '-wal', '-shm']

/**
 * A file that is not whole yet. It stands in the folder of its target, because no file can be moved from one file system
 * to another in one step, and is its owner's alone.
 */
export class TemporaryFile {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** Makes an empty one, of mode 0600, after it removed those of processes that died. */
  static async beside(target: string): Promise<TemporaryFile> {
    const folder = dirname(target)
    await sweep(folder)
    const file = new TemporaryFile(temporaryPath(folder))
    await (await open(file.path, 'wx', 0o600)).close()
    return file
  }

  /** Writes its whole content and flushes it. */
  async write(text: string): Promise<void> {
    const file = await open(this.path, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  /** Removes it with its sidecars; may be repeated, also while an engine has it open. */
  async remove(): Promise<void> {
    for (const suffix of ['', ...SIDECARS]) await rm(this.path + suffix, { force: true })
  }
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isLeftBehind(name)) await rm(join(folder, name), { force: true })
  }
}
