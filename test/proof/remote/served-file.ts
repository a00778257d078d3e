import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { engine } from '../../cells/cell.js'
import { RemoteUser, type UserKind, type UserOptions } from './remote-user.js'

type Adapter = Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>

/** A file that this thread owns, and its clients. Disposing it ends all of them. */
export class ServedFile implements AsyncDisposable {
  readonly path: string
  readonly adapter: Adapter
  readonly server: PersistenceServer
  readonly #users: RemoteUser[] = []
  readonly #folder: string

  static async open(options: object = {}): Promise<ServedFile> {
    const folder = mkdtempSync(join(tmpdir(), 'served-'))
    const path = join(folder, 'app.db')
    return new ServedFile(folder, path, await engine.SQLiteAdapter.open(path, options))
  }

  private constructor(folder: string, path: string, adapter: Adapter) {
    this.#folder = folder
    this.path = path
    this.adapter = adapter
    this.server = serve(adapter)
  }

  async user(kind: UserKind, options?: UserOptions): Promise<RemoteUser> {
    const user = await RemoteUser[kind](this.server, options)
    this.#users.push(user)
    return user
  }

  users(kind: UserKind, count: number): Promise<RemoteUser[]> {
    return Promise.all(Array.from({ length: count }, () => this.user(kind)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#users.map((user) => user.kill()))
    await this.server.close()
    await this.adapter.disconnect()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
