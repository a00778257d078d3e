import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { engine } from '../../cells/cell.js'
import { WatchedThreads } from './watched-threads.js'

type Adapter = Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>

/** A file whose engine runs in its own thread. Disposing it removes its folder. */
export class ThreadedFile implements AsyncDisposable {
  readonly path: string
  readonly adapter: Adapter
  readonly threads: WatchedThreads
  readonly #folder: string

  static async open(options: object = {}): Promise<ThreadedFile> {
    const folder = mkdtempSync(join(tmpdir(), 'threaded-'))
    const path = join(folder, 'app.db')
    const threads = new WatchedThreads()
    const given = { worker: threads.start, durability: 'process', ...options }
    return new ThreadedFile(folder, path, await engine.SQLiteAdapter.open(path, given as object), threads)
  }

  private constructor(folder: string, path: string, adapter: Adapter, threads: WatchedThreads) {
    this.#folder = folder
    this.path = path
    this.adapter = adapter
    this.threads = threads
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.adapter.disconnect()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
