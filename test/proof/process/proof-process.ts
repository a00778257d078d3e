import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../../matrix.mjs'
import type { Member } from './members.js'

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A process that runs a script of test/proof with the URL of its engine's module as first argument. */
export class ProofProcess {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly ended: Promise<Ending>
  #stderr = ''
  #over = false

  constructor(member: Member, script: URL, args: readonly (string | number)[] = [], env: Record<string, string> = {}) {
    // The binary itself: a signal sent to a shim would not reach it.
    const runtime = runtimes[member.runtime]
    if (runtime === undefined) throw new Error(`no runtime ${member.runtime}`)
    this.#process = spawn(runtime.path, [fileURLToPath(script), member.module.href, ...args.map(String)], {
      stdio: 'pipe',
      env: { ...process.env, ...env },
    })
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += chunk
    })
    // A process that was killed cannot be written to any more, which its ending tells.
    this.#process.stdin.on('error', () => undefined)
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => {
        this.#over = true
        resolve({ code, signal, stderr: this.#stderr })
      })
    })
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over
  }

  send(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  /** The next line it says, read as JSON; `undefined` when it has said its last. */
  async next<T>(): Promise<T | undefined> {
    const { value, done } = await this.#lines.next()
    return done === true ? undefined : (JSON.parse(value) as T)
  }

  /** Sends a line and resolves to the answer; rejects when the process ends instead, or says that it failed. */
  async ask<T>(line: string): Promise<T> {
    this.send(line)
    const answer = await this.next<{ value: T } | { error: string }>()
    if (answer === undefined) throw new Error(`a process ended early: ${JSON.stringify(await this.ended)}`)
    if ('error' in answer) throw new Error(`in a process of the proof: ${answer.error}`)
    return answer.value
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(signal)
  }

  /** Ends the line for orders and resolves when the process has ended by itself. */
  dismiss(): Promise<Ending> {
    this.#process.stdin.end()
    return this.ended
  }
}

/** Does `body`, and kills whatever is left of the processes when it is over. */
export async function withProcesses<T>(processes: readonly ProofProcess[], body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } finally {
    for (const one of processes) one.signal('SIGKILL')
    await Promise.all(processes.map((one) => one.ended))
  }
}
