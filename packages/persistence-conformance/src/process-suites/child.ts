import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EngineUnderTest } from '../engine-under-test.js'

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A child process on this runtime that runs one of the scripts beside this folder with the engine as first argument. */
export class Child {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly ended: Promise<Ending>
  #stdout = ''
  #stderr = ''

  constructor(engine: EngineUnderTest, script: string, ...args: readonly (string | number)[]) {
    const file = fileURLToPath(new URL(`../children/${script}.js`, import.meta.url))
    this.#process = spawn(process.execPath, [file, engine.module.href, ...args.map(String)], { stdio: 'pipe' })
    this.#process.stdout.on('data', (chunk) => {
      this.#stdout += chunk
    })
    this.#process.stderr.on('data', (chunk) => {
      this.#stderr += chunk
    })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    this.ended = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }))
    })
  }

  /** Resolves when the child is ready for orders. */
  async ready(): Promise<void> {
    assert.equal(await this.#line(), 'ready')
  }

  /** Sends one line and resolves to what the child answers; rejects when the order failed there. */
  async order<T>(line: string): Promise<T> {
    this.#process.stdin.write(`${line}\n`)
    const answer = (await this.#line()) as { value: T } | { error: string }
    if ('error' in answer) throw new Error(`in a child process: ${answer.error}`)
    return answer.value
  }

  /** Ends the line for orders and resolves when the child has ended by itself. */
  async dismiss(): Promise<void> {
    this.#process.stdin.end()
    const { code, stderr } = await this.ended
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  async #line(): Promise<unknown> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`a child process ended early: ${JSON.stringify(await this.ended)}`)
    return JSON.parse(value)
  }
}

/** Starts children for `body`, and kills those that are left when it is over. */
export async function withChildren<T>(children: readonly Child[], body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } finally {
    for (const child of children) child.kill()
    await Promise.all(children.map((child) => child.ended))
  }
}
