import { type ChildProcess, fork } from 'node:child_process'
import cluster, { type Worker as ClusterWorker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PersistenceServer } from '@go-go-scope/persistence-core/remote'

interface Said {
  readonly order?: string
  readonly value?: never
  readonly error?: object
}

const SCRIPT = new URL('client.mjs', import.meta.url)

export type ClientKind = 'thread' | 'attached' | 'child' | 'clustered'

/** How a client is started. */
export interface ClientOptions {
  /** Options of its adapter. */
  readonly options?: object
  readonly serialization?: 'json' | 'advanced'
}

/** A thread or process that uses a served adapter and executes orders; see client.mjs. */
export class RemoteClient {
  readonly peer: Worker | ChildProcess | ClusterWorker
  readonly ended: Promise<unknown>
  readonly #waiting: {
    order: string
    said: unknown
    resolve: (value: never) => void
    reject: (error: unknown) => void
  }[] = []
  /** The messages that it sent without an order. */
  readonly messages: { readonly order: string; readonly value: unknown }[] = []

  static async thread(server: PersistenceServer, { options = {} }: ClientOptions = {}): Promise<RemoteClient> {
    const port = server.createPort()
    const worker = new Worker(SCRIPT, {
      workerData: { port, options },
      transferList: [port as never],
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    })
    return RemoteClient.#ready(worker)
  }

  /** Starts a client that shares the app's channel. */
  static async attached(server: PersistenceServer, { options = {} }: ClientOptions = {}): Promise<RemoteClient> {
    const worker = new Worker(SCRIPT, { workerData: { options } })
    server.attach(worker)
    return RemoteClient.#ready(worker)
  }

  static async child(
    server: PersistenceServer,
    { options = {}, serialization = 'json' }: ClientOptions = {},
  ): Promise<RemoteClient> {
    const child = fork(fileURLToPath(SCRIPT), [JSON.stringify({ options })], { serialization, execArgv: [] })
    server.attach(child as never)
    return RemoteClient.#ready(child)
  }

  static async clustered(
    server: PersistenceServer,
    { options = {}, serialization = 'json' }: ClientOptions = {},
  ): Promise<RemoteClient> {
    const args = [JSON.stringify({ options })]
    cluster.setupPrimary({ exec: fileURLToPath(SCRIPT), args, execArgv: [], serialization })
    const worker = cluster.fork()
    server.attach(worker as never)
    return RemoteClient.#ready(worker)
  }

  static async #ready(peer: Worker | ChildProcess | ClusterWorker): Promise<RemoteClient> {
    const client = new RemoteClient(peer)
    await client.#answer('ready')
    return client
  }

  private constructor(peer: Worker | ChildProcess | ClusterWorker) {
    this.peer = peer
    this.ended = new Promise((resolve) => peer.on('exit', resolve))
    // Tests examine how it ends.
    peer.on('error', () => undefined)
    void this.ended.then(() => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the client has ended'))
    })
    peer.on('message', (said: Said) => this.#receive(said))
  }

  /** Sends an order and resolves to its answer. */
  async do<Value>(order: string, given: object = {}): Promise<Value> {
    const answer = this.#answer<Value>(order)
    this.send(order, given)
    return answer
  }

  /** Sends an order without waiting for an answer. */
  send(order: string, given: object = {}): void {
    if (this.peer instanceof Worker) this.peer.postMessage({ order, given })
    else this.peer.send({ order, given })
  }

  /** Settles when it has sent this message. @param value the value of the message, if it sends several */
  async said(order: string, value?: unknown): Promise<unknown> {
    const sent = this.messages.find((one) => one.order === order && (value === undefined || one.value === value))
    return sent === undefined ? this.#answer(order, value) : sent.value
  }

  /** Kills it from outside. */
  async kill(): Promise<void> {
    if (this.peer instanceof Worker) await this.peer.terminate()
    else if ('process' in this.peer) this.peer.process.kill('SIGKILL')
    else this.peer.kill('SIGKILL')
    await this.ended
  }

  #answer<Value>(order: string, said?: unknown): Promise<Value> {
    return new Promise((resolve, reject) => this.#waiting.push({ order, said, resolve, reject }))
  }

  #receive({ order, value, error }: Said): void {
    const at = this.#waiting.findIndex(
      ({ order: wanted, said }) => wanted === order && (said === undefined || said === value),
    )
    if (order === undefined) return
    if (at === -1) {
      this.messages.push({ order, value })
      return
    }
    const [waiting] = this.#waiting.splice(at, 1)
    if (error === undefined) waiting?.resolve(value as never)
    else waiting?.reject(error)
  }
}
