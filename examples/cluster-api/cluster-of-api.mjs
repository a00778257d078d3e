import cluster from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { serve } from '@go-go-scope/persistence-sqlite-node/remote'

/** @typedef {import('node:cluster').Worker} Worker */

/** The primary: it owns the file and serves its adapter to the workers, of which there are always as many. */
export class ClusterOfApi {
  #persistence
  #server
  #answer
  /** Those that listen, and where. @type {Map<Worker, number>} */
  #workers = new Map()
  /** @type {Set<Promise<unknown>>} */
  #starting = new Set()
  #ending = false

  /**
   * @param {string} file
   * @param {number} workers
   * @param {(service: string, given: unknown, worker: Worker) => Promise<unknown>} answer
   *   What a service of others answers.
   */
  static async start(file, workers, answer) {
    cluster.setupPrimary({ exec: fileURLToPath(new URL('api.mjs', import.meta.url)) })
    const api = new ClusterOfApi(await SQLiteAdapter.open(file), answer)
    await Promise.all(Array.from({ length: workers }, () => api.#startWorker()))
    return api
  }

  /**
   * @param {SQLiteAdapter} persistence
   * @param {(service: string, given: unknown, worker: Worker) => Promise<unknown>} answer
   * @private
   */
  constructor(persistence, answer) {
    this.#persistence = persistence
    this.#server = serve(persistence)
    this.#answer = answer
  }

  /** The adapter of the owner. */
  get persistence() {
    return this.#persistence
  }

  /** Where the workers listen: on Node all at one port, on Bun each at its own. */
  get ports() {
    return [...this.#workers.values()]
  }

  /** Has each worker answer what has come and leave, and then closes the file. */
  async end() {
    this.#ending = true
    await Promise.all(this.#starting)
    const workers = [...this.#workers.keys()]
    const ended = workers.map((worker) => once(worker, 'exit'))
    for (const worker of workers) worker.send({ end: true })
    await Promise.all(ended)
    await this.#server.close()
    await this.#persistence.disconnect()
  }

  /** @returns a promise that settles when it listens or has died. */
  #startWorker() {
    const worker = cluster.fork()
    this.#server.attach(/** @type {any} */ (worker))
    const started = new Promise((resolve) => {
      worker.on('message', async (/** @type {any} */ { listens, service, id, given }) => {
        if (listens !== undefined) {
          this.#workers.set(worker, listens)
          resolve(undefined)
        }
        if (service === undefined) return
        const answer = await this.#answer(service, given, worker)
        if (worker.isConnected()) worker.send({ id, answer })
      })
      worker.once('exit', () => {
        this.#workers.delete(worker)
        resolve(undefined)
        if (!this.#ending) void this.#startWorker()
      })
    })
    this.#starting.add(started)
    return started.then(() => this.#starting.delete(started))
  }
}
