import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { type PersistenceServer, serve } from '@go-go-scope/persistence-sqlite-node/remote'

/** The app's own messages from a worker, in addition to those of its adapter. */
interface FromWorker {
  listens?: number
  service?: string
  id?: string
  given?: unknown
}

/** Returns the answer of an external service. */
export type AnswerOfService = (service: string, given: unknown, worker: Worker) => Promise<unknown>

/** The primary. It owns the file, serves its adapter to the workers, and replaces workers that die. */
export class ClusterOfApi {
  readonly #persistence: SQLiteAdapter
  readonly #server: PersistenceServer
  readonly #answer: AnswerOfService
  /** The listening workers with their ports. */
  readonly #workers = new Map<Worker, number>()
  readonly #starting = new Set<Promise<void>>()
  #ending = false

  static async start(file: string, workers: number, answer: AnswerOfService): Promise<ClusterOfApi> {
    cluster.setupPrimary({ exec: fileURLToPath(new URL('api.ts', import.meta.url)) })
    const api = new ClusterOfApi(await SQLiteAdapter.open(file), answer)
    await Promise.all(Array.from({ length: workers }, () => api.#startWorker()))
    return api
  }

  private constructor(persistence: SQLiteAdapter, answer: AnswerOfService) {
    this.#persistence = persistence
    this.#server = serve(persistence)
    this.#answer = answer
  }

  /** The adapter of the owner. */
  get persistence(): SQLiteAdapter {
    return this.#persistence
  }

  /** The ports of the workers: on Node all share one, on Bun each has its own. */
  get ports(): number[] {
    return [...this.#workers.values()]
  }

  /** Ends the workers after they have answered their open requests, then closes the file. */
  async end(): Promise<void> {
    this.#ending = true
    await Promise.all(this.#starting)
    const workers = [...this.#workers.keys()]
    const ended = workers.map((worker) => once(worker, 'exit'))
    for (const worker of workers) worker.send({ end: true })
    await Promise.all(ended)
    await this.#server.close()
    await this.#persistence.disconnect()
  }

  /** Starts a worker. Resolves when it listens or has died. */
  #startWorker(): Promise<void> {
    const worker = cluster.fork()
    this.#server.attach(worker)
    const started = new Promise<void>((resolve) => {
      worker.on('message', async ({ listens, service, id, given }: FromWorker) => {
        if (listens !== undefined) {
          this.#workers.set(worker, listens)
          resolve()
        }
        if (service === undefined) return
        const answer = await this.#answer(service, given, worker)
        if (worker.isConnected()) worker.send({ id, answer })
      })
      worker.once('exit', () => {
        this.#workers.delete(worker)
        resolve()
        if (!this.#ending) void this.#startWorker()
      })
    })
    this.#starting.add(started)
    return started.then(() => void this.#starting.delete(started))
  }
}
