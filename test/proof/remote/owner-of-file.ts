import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { connectRemote, type RemoteOptions, type SQLiteAdapter } from '@go-go-scope/persistence-core/remote'
import { engine } from '../../cells/cell.js'

const SCRIPT = new URL('owner.mjs', import.meta.url)

/** A thread or process that owns a file and serves this thread, and the adapter here. See owner.mjs. */
export class OwnerOfFile {
  readonly path: string
  readonly adapter: SQLiteAdapter
  readonly #peer: Worker | ChildProcess
  readonly #folder: string

  /** @param options of the adapter here */
  static async start(kind: 'thread' | 'process', options: RemoteOptions = {}): Promise<OwnerOfFile> {
    const folder = mkdtempSync(join(tmpdir(), 'owned-'))
    const path = join(folder, 'app.db')
    const given = { engine: engine.module.href, path, options: { durability: 'process' } }
    const peer =
      kind === 'thread'
        ? new Worker(SCRIPT, { workerData: given })
        : fork(fileURLToPath(SCRIPT), [JSON.stringify(given)], { execArgv: [] })
    await said(peer, 'ready')
    return new OwnerOfFile(folder, path, peer, await connectRemote(peer as never, options))
  }

  private constructor(folder: string, path: string, peer: Worker | ChildProcess, adapter: SQLiteAdapter) {
    this.#folder = folder
    this.path = path
    this.#peer = peer
    this.adapter = adapter
  }

  /** Sends an order; settles when it is done. */
  async order(order: string): Promise<void> {
    const done = said(this.#peer, order)
    if (this.#peer instanceof Worker) this.#peer.postMessage({ order })
    else this.#peer.send({ order })
    await done
  }

  async kill(): Promise<void> {
    if (this.#peer instanceof Worker) await this.#peer.terminate()
    else if (this.#peer.exitCode === null && this.#peer.signalCode === null) {
      const ended = new Promise((resolve) => this.#peer.once('exit', resolve))
      this.#peer.kill('SIGKILL')
      await ended
    }
  }

  /** Ends the owner and removes its file. */
  async end(): Promise<void> {
    await this.kill()
    await this.adapter.disconnect()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function said(peer: Worker | ChildProcess, order: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const receive = (message: { readonly order?: string }): void => {
      if (message.order !== order) return
      peer.off('message', receive)
      resolve()
    }
    peer.on('message', receive)
    peer.on('error', reject)
  })
}
