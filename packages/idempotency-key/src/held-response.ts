import type { MadeResponse } from './kept-response.js'
import { givenHeaders, headersOf, type NodeHeaders } from './node-headers.js'
import { isEventStream } from './read-body.js'

/** The members of Node's response that are used. */
export interface NodeResponse {
  statusCode: number
  statusMessage: string
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed: boolean
  getHeaders(): NodeHeaders
  setHeader(name: string, value: string): unknown
  appendHeader(name: string, value: string): unknown
  removeHeader(name: string): void
  emit(event: 'drain'): unknown
  once(event: 'close', listener: () => void): unknown
  write(...args: never[]): boolean
  end(...args: never[]): unknown
  writeHead(...args: never[]): unknown
  flushHeaders(): void
  destroy(...args: never[]): unknown
}

type Arguments = readonly unknown[]
type Method = (...args: unknown[]) => unknown

/** The methods that change headers, which Node refuses once they are sent. `setHeaders` calls the first. */
const CHANGING = ['setHeader', 'appendHeader', 'removeHeader']

/**
 * Holds back a handler's response until `settle` has resolved, which may give another response to send instead. If the body
 * becomes longer than `limit` bytes or is an event stream, or if the handler destroys the response, as `pipeline` does when its
 * source fails, `settle` is called without the body and the response is released.
 */
export function holdResponse(
  response: NodeResponse,
  limit: number,
  settle: (made: MadeResponse) => Promise<Response | undefined>,
): void {
  new HeldResponse(response, limit, settle)
}

class HeldResponse {
  readonly #response: NodeResponse
  readonly #limit: number
  readonly #settle: (made: MadeResponse) => Promise<Response | undefined>
  /** The response's own properties before they were replaced. */
  readonly #before: [name: string, property: PropertyDescriptor | undefined][] = []
  readonly #calls: [name: 'write' | 'end' | 'flushHeaders' | 'destroy', args: Arguments][] = []
  readonly #chunks: Uint8Array[] = []
  #length = 0
  #settling = false
  #headersSent = false
  #ended = false

  constructor(response: NodeResponse, limit: number, settle: (made: MadeResponse) => Promise<Response | undefined>) {
    this.#response = response
    this.#limit = limit
    this.#settle = settle
    this.#replace('write', (...args) => this.#write(args))
    this.#replace('end', (...args) => this.#end(args))
    this.#replace('writeHead', (...args) => this.#writeHead(args))
    this.#replace('flushHeaders', () => {
      this.#begin()
      this.#calls.push(['flushHeaders', []])
    })
    this.#replace('destroy', (...args) => this.#destroy(args))
    // These keep frameworks and handlers from writing to a response that a handler has ended.
    this.#define('headersSent', { get: () => this.#headersSent })
    this.#define('writableEnded', { get: () => this.#ended })
  }

  /** Calls `writeHead`, as Node does before the first byte: later middleware may have replaced it to add headers. */
  #begin(): void {
    if (!this.#headersSent) (this.#response.writeHead as Method)(this.#response.statusCode)
  }

  #write(args: unknown[]): boolean {
    // Called at once, because a handler may end the response only after it, and until then nothing is written.
    const early = !this.#settling && typeof args.at(-1) === 'function' && (args.pop() as () => void)
    this.#take('write', args)
    if (early) process.nextTick(early)
    // `false` stops the handler while the response is recorded.
    return !this.#settling
  }

  #end(args: Arguments): NodeResponse {
    this.#take('end', args)
    this.#ended = true
    this.#decide(Buffer.concat(this.#chunks))
    return this.#response
  }

  // Not called when a client disconnects: the handler still runs, and the key stays claimed.
  #destroy(args: Arguments): NodeResponse {
    this.#calls.push(['destroy', args])
    this.#decide(null)
    return this.#response
  }

  /** Sets status and headers one by one, so that they can be read later. */
  #writeHead([status, ...rest]: Arguments): NodeResponse {
    // Some middleware calls it before each write, because it does not see that it was called.
    if (this.#headersSent && rest.length === 0) return this.#response
    this.#response.statusCode = Number(status)
    if (typeof rest[0] === 'string') this.#response.statusMessage = String(rest.shift())
    const headers = givenHeaders(rest[0] ?? rest[1] ?? {})
    for (const [name] of headers) this.#response.removeHeader(name)
    // A name may occur several times, as for cookies.
    for (const [name, value] of headers) this.#response.appendHeader(name, value)
    this.#headersSent = true
    // Else a handler that answers twice would change the headers of its first answer.
    for (const name of CHANGING) this.#replace(name, refuseHeaders)
    // Its client waits for each event, and it may never end.
    if (isEventStream(headersOf(this.#response))) this.#decide(null)
    return this.#response
  }

  /** @throws TypeError for a chunk that Node refuses too, before anything is sent. */
  #take(name: 'write' | 'end', args: Arguments): void {
    const [chunk, encoding] = args
    if (name === 'write' || (chunk && typeof chunk !== 'function')) {
      const bytes = Buffer.from(chunk as string, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
      this.#length += bytes.length
      if (this.#length <= this.#limit) this.#chunks.push(bytes)
    }
    this.#begin()
    this.#calls.push([name, args])
    if (this.#length > this.#limit) this.#decide(null)
  }

  #decide(body: Uint8Array | null): void {
    if (this.#settling) return
    this.#settling = true
    const made = { status: this.#response.statusCode, headers: headersOf(this.#response), body }
    // The work is done, so the response is sent even if it could not be stored.
    void this.#settle(made)
      .catch(() => undefined)
      .then((other) => this.#release(made.status, other))
      // Node refuses what cannot be sent, such as a status of 0. The handler has returned by now.
      .catch((error) => (this.#response.destroy as Method)(error))
  }

  #replace(name: string, method: Method): void {
    this.#define(name, { value: method, writable: true })
  }

  #define(name: string, property: PropertyDescriptor): void {
    this.#before.push([name, Object.getOwnPropertyDescriptor(this.#response, name)])
    Object.defineProperty(this.#response, name, { configurable: true, ...property })
  }

  async #release(status: number, other: Response | undefined): Promise<void> {
    for (const [name, property] of this.#before) {
      delete (this.#response as unknown as Record<string, unknown>)[name]
      if (property !== undefined) Object.defineProperty(this.#response, name, property)
    }
    this.#response.statusCode = status
    if (other !== undefined) {
      for (const name of Object.keys(this.#response.getHeaders())) this.#response.removeHeader(name)
      await sendResponse(this.#response, other)
      return
    }
    for (const [name, args] of this.#calls) (this.#response[name] as Method)(...args)
    this.#response.emit('drain')
  }
}

/** Sends a fetch `Response`. Headers that are already set stay unless it replaces them. */
export async function sendResponse(target: NodeResponse, response: Response): Promise<void> {
  target.statusCode = response.status
  for (const [name, value] of response.headers) target.setHeader(name, value)
  target.end(...([Buffer.from(await response.arrayBuffer())] as never[]))
}

function refuseHeaders(): never {
  throw Object.assign(new Error('Headers are sent'), { code: 'ERR_HTTP_HEADERS_SENT' })
}
