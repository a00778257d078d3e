import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A child that answers each line with a line. */
export class LineProcess {
  #child
  #lines
  #name
  /** Its exit code, once it has ended. @type {Promise<number | null>} */
  exited

  /**
   * @param {string} name for errors
   * @param {string} runtime
   * @param {string[]} args
   */
  constructor(name, runtime, args) {
    this.#name = name
    this.#child = spawn(runtime, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** @param {string} line */
  async expect(line) {
    const given = await this.next()
    if (given !== line) throw new Error(`${this.#name}: expected ${line}, got ${given}`)
  }

  /** @returns {Promise<string>} */
  ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    return this.next()
  }

  /** The next line it prints. @returns {Promise<string>} */
  async next() {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`${this.#name} failed; its message is above`)
    return value
  }

  async stop() {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}
