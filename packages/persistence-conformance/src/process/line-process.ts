import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface LineProcessOptions {
  /** The name in errors. */
  readonly name?: string
  /** Path of the runtime's own binary, because a signal to a shim does not reach it. */
  readonly runtime: string
  readonly args: readonly string[]
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Where its stderr goes: into its {@link Ending}, or to the terminal. */
  readonly stderr?: 'pipe' | 'inherit'
}

/** A child process that takes orders, a line each, and answers each with a line of JSON. `takeOrders` is the other side. */
export class LineProcess {
  readonly #process: ChildProcess
  readonly #orders: Writable
  readonly #lines: AsyncIterator<string>
  readonly ended: Promise<Ending>
  readonly #name: string
  #stderr = ''
  #over = false

  constructor({ name = 'a child process', runtime, args, env = {}, stderr = 'pipe' }: LineProcessOptions) {
    this.#name = name
    this.#process = spawn(runtime, args, { stdio: ['pipe', 'pipe', stderr], env: { ...process.env, ...env } })
    this.#orders = this.#process.stdin as Writable
    this.#process.stderr?.on('data', (chunk) => {
      this.#stderr += chunk
    })
    // Writing to a killed process fails. Its ending reports that.
    this.#orders.on('error', () => undefined)
    this.#lines = createInterface({ input: this.#process.stdout as Readable })[Symbol.asyncIterator]()
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        this.#over = true
        resolve({ code, signal, stderr: this.#stderr })
      })
    })
  }

  /** Whether the process has ended. */
  get over(): boolean {
    return this.#over
  }

  /** The content of stderr so far. */
  get errors(): string {
    return this.#stderr
  }

  send(line: string): void {
    this.#orders.write(`${line}\n`)
  }

  /** Returns the next line of the output, parsed as JSON; `undefined` at the end of the output. */
  async next<T>(): Promise<T | undefined> {
    const { value, done } = await this.#lines.next()
    return done === true ? undefined : (JSON.parse(value) as T)
  }

  /** Returns the next line of the output. Rejects at the end of the output. */
  async said<T>(): Promise<T> {
    const line = await this.next<T>()
    if (line === undefined) throw new Error(`${this.#name} ended early: ${JSON.stringify(await this.ended)}`)
    return line
  }

  /** Resolves when the process is ready for orders. */
  async ready(): Promise<void> {
    if ((await this.#answer()) !== 'ready') throw new Error(`${this.#name} said something before it was ready`)
  }

  /** Sends a line and returns the answer. Rejects if the process ends instead, or reports that the order failed. */
  async ask<T>(line: string): Promise<T> {
    this.send(line)
    return (await this.#answer()) as T
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal)
  }

  /** Sets whether the child keeps this process alive. Default `true`. */
  keepAlive(kept: boolean): void {
    const { stdin, stdout, stderr } = this.#process
    // On Bun the stream for orders lacks these methods, but it keeps no process alive there.
    for (const one of [this.#process, stdin, stdout, stderr] as (Partial<Pick<Socket, 'ref' | 'unref'>> | null)[]) {
      if (kept) one?.ref?.()
      else one?.unref?.()
    }
  }

  /** Closes the stdin of the process and resolves when the process has ended by itself. */
  dismiss(): Promise<Ending> {
    this.#orders.end()
    return this.ended
  }

  /** Kills the process. Does nothing if it has ended. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  async #answer(): Promise<unknown> {
    const answer = await this.said<{ value: unknown } | { error: string }>()
    if ('error' in answer) throw new Error(`in ${this.#name}: ${answer.error}`)
    return answer.value
  }
}

/** Runs `body`, then kills the processes. */
export async function withProcesses<T>(processes: readonly LineProcess[], body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } finally {
    await Promise.all(processes.map((one) => one.kill()))
  }
}
