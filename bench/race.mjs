import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const child = fileURLToPath(new URL('child.mjs', import.meta.url))

/** A contestant in its process. */
export class Racer {
  #process
  #lines
  #name

  constructor(name, runtime, task) {
    this.#name = name
    this.#process = spawn(runtime, [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), child, JSON.stringify(task)], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Its data is in place and it has shown that its answers are right. */
  async ready() {
    const line = await this.#line()
    if (line !== 'ready') throw new Error(`${this.#name}: expected ready, got ${line}`)
  }

  /** @returns {Promise<number>} calls a second */
  async run(inFlight, duration) {
    this.#process.stdin.write(`${JSON.stringify({ inFlight, duration })}\n`)
    return Number(await this.#line())
  }

  stop() {
    this.#process.stdin.end()
  }

  kill() {
    this.#process.kill('SIGKILL')
  }

  async #line() {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`${this.#name} failed; its message is above`)
    return value
  }
}
