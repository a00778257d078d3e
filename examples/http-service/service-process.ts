import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const service = fileURLToPath(new URL('service.ts', import.meta.url))

export interface Answer {
  status: number
  headers: Headers
  body: string
}

/** A process of the service, as its users see it. */
export class ServiceProcess {
  readonly #child: ChildProcess
  readonly #url: string

  static async start(options: string[]): Promise<ServiceProcess> {
    // On Node 20, `execArgv` contains the TypeScript loader.
    const child = spawn(process.execPath, [...process.execArgv, service, ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the service ended with ${code} before it listened`)
    })
    const [url] = await Promise.race([once(createInterface(child.stdout), 'line'), died])
    return new ServiceProcess(child, url)
  }

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.#url = url
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return read(await fetch(this.#url + path, { headers }))
  }

  async post(path: string, body: object, key: string): Promise<Answer> {
    const headers = { 'idempotency-key': key, 'x-user': 'ada' }
    return read(await fetch(this.#url + path, { method: 'POST', headers, body: JSON.stringify(body) }))
  }

  /** Ends the process. @returns the exit code; `null` if it was killed */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const ended = once(this.#child, 'exit')
    this.#child.kill(signal)
    const [code] = await ended
    return code
  }
}

async function read(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.text() }
}
