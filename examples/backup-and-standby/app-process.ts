import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Backup, CopyProgress } from '@go-go-scope/persistence-sqlite-node'
import type { Answers, FromApp, Task, ToApp } from './app-messages.ts'

const script = fileURLToPath(new URL('app.ts', import.meta.url))

/** A process that runs app.ts. */
export class AppProcess {
  /** The number of the last order whose storage the adapter has acknowledged. */
  acknowledged = 0
  readonly #child: ChildProcess
  readonly #asked = new Map<Task | 'start', { resolve(answer: unknown): void; reject(error: Error): void }>()
  #killed = false
  #onProgress = (_progress: CopyProgress): void => {}

  private constructor(database: string) {
    this.#child = fork(script, [database], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (message: FromApp) => this.#hear(message))
    this.#child.once('exit', (code, signal) => {
      if (!this.#killed) this.#fail(new Error(`the app ended by ${signal ?? `code ${code}`}`))
    })
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /** Starts the app. */
  static async start(database: string): Promise<AppProcess> {
    const app = new AppProcess(database)
    try {
      await app.#answer('start')
      return app
    } catch (error) {
      await app.kill()
      throw error
    }
  }

  /** Fills the database, so that a backup takes a while. */
  fill(): Promise<undefined> {
    return this.#do('fill', undefined)
  }

  backup(path: string, onProgress: (progress: CopyProgress) => void): Promise<Backup> {
    this.#onProgress = onProgress
    return this.#do('backup', { path })
  }

  /** Makes the app store orders until it is killed. */
  storeFrom(number: number): void {
    this.acknowledged = number - 1
    void this.#do('store', { from: number })
  }

  /** Returns the numbers of the missing orders from `first` to `last`. */
  missing(first: number, last: number): Promise<number[]> {
    return this.#do('missing', { first, last })
  }

  /** Resolves when this many more orders are acknowledged. */
  async stored(orders: number): Promise<void> {
    const goal = this.acknowledged + orders
    while (this.acknowledged < goal) await once(this.#child, 'message')
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#killed = true
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  #do<Name extends Task>(task: Name, options: ToApp<Name>['options']): Promise<Answers[Name]> {
    this.#child.send({ task, options })
    return this.#answer(task) as Promise<Answers[Name]>
  }

  #answer(task: Task | 'start'): Promise<unknown> {
    return new Promise((resolve, reject) => this.#asked.set(task, { resolve, reject }))
  }

  #hear(message: FromApp): void {
    if ('acknowledged' in message) this.acknowledged = message.acknowledged
    else if ('progress' in message) this.#onProgress(message.progress)
    else if ('task' in message) this.#asked.get(message.task)?.resolve(message.answer)
    else this.#fail(Object.assign(new Error(message.failure.message), { code: message.failure.code }))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#asked.values()) reject(error)
  }
}
