import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { engine } from '../../cells/cell.js'
import { type ClientKind, type ClientOptions, RemoteClient } from './remote-client.js'

type Adapter = Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>

/** A file that this thread owns, and its clients. Disposing it ends all of them. */
export class ServedFile implements AsyncDisposable {
  readonly path: string
  readonly adapter: Adapter
  readonly server: PersistenceServer
  readonly #clients: RemoteClient[] = []
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

  async client(kind: ClientKind, options?: ClientOptions): Promise<RemoteClient> {
    const client = await RemoteClient[kind](this.server, options)
    this.#clients.push(client)
    return client
  }

  clients(kind: ClientKind, count: number): Promise<RemoteClient[]> {
    return Promise.all(Array.from({ length: count }, () => this.client(kind)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.kill()))
    await this.server.close()
    await this.adapter.disconnect()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
