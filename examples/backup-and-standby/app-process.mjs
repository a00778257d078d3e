import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('app.mjs', import.meta.url))

/** A process that runs app.mjs. */
export class AppProcess {
  /** The number of the last order that the app was told is stored. */
  acknowledged = 0
  #child
  #killed = false
  /** @type {Map<string, { resolve(answer: any): void, reject(error: Error): void }>} */
  #asked = new Map()
  #onProgress = (/** @type {{ totalPages: number, remainingPages: number }} */ _progress) => {}

  /** @param {string} database */
  constructor(database) {
    this.#child = fork(script, [database], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (/** @type {any} */ message) => this.#hear(message))
    this.#child.once('exit', (code, signal) => {
      if (!this.#killed) this.#fail(new Error(`the app ended by ${signal ?? `code ${code}`}`))
    })
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /**
   * Starts the app.
   *
   * @param {string} database
   */
  static async start(database) {
    const app = new AppProcess(database)
    try {
      await app.#answer('start')
      return app
    } catch (error) {
      await app.kill()
      throw error
    }
  }

  /**
   * Has the app do something, and gives its answer.
   *
   * @param {'fill' | 'store' | 'backup' | 'missing'} task
   * @param {object} [options]
   */
  do(task, options = {}) {
    this.#child.send({ task, options })
    return this.#answer(task)
  }

  /**
   * @param {string} path
   * @param {(progress: { totalPages: number, remainingPages: number }) => void} onProgress
   */
  backup(path, onProgress) {
    this.#onProgress = onProgress
    return this.do('backup', { path })
  }

  /** Has it store orders until it is killed. @param {number} number of the first */
  storeFrom(number) {
    this.acknowledged = number - 1
    void this.do('store', { from: number })
  }

  /**
   * The numbers of the orders from `first` to `last` that the app does not know.
   *
   * @param {number} first
   * @param {number} last
   * @returns {Promise<number[]>}
   */
  missing(first, last) {
    return this.do('missing', { first, last })
  }

  /** Resolves when so many more orders are acknowledged. @param {number} orders */
  async stored(orders) {
    const goal = this.acknowledged + orders
    while (this.acknowledged < goal) await once(this.#child, 'message')
  }

  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#killed = true
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  /**
   * @param {string} task
   * @returns {Promise<any>}
   */
  #answer(task) {
    return new Promise((resolve, reject) => this.#asked.set(task, { resolve, reject }))
  }

  /** @param {any} message */
  #hear({ acknowledged, progress, failure, task, answer }) {
    if (acknowledged !== undefined) this.acknowledged = acknowledged
    else if (progress !== undefined) this.#onProgress(progress)
    else if (task !== undefined) this.#asked.get(task)?.resolve(answer)
    else this.#fail(Object.assign(new Error(failure.message), { code: failure.code }))
  }

  /** @param {Error} error */
  #fail(error) {
    for (const { reject } of this.#asked.values()) reject(error)
  }
}
