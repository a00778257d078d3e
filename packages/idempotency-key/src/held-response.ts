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
type Method = (...args: Arguments) => unknown

/** The methods that write or destroy a response. */
const WRITING = ['write', 'end', 'writeHead', 'flushHeaders', 'destroy'] as const
/** The methods that change headers, which Node refuses once they are sent. */
const CHANGING = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'] as const
const REPLACED = [...WRITING, ...CHANGING, 'headersSent', 'writableEnded'] as const

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
  readonly #before: PropertyDescriptorMap
  readonly #calls: { readonly name: (typeof WRITING)[number]; readonly args: Arguments }[] = []
  readonly #chunks: Uint8Array[] = []
  #length = 0
  #settling = false
  #headersSent = false
  #ended = false

  constructor(response: NodeResponse, limit: number, settle: (made: MadeResponse) => Promise<Response | undefined>) {
    this.#response = response
    this.#limit = limit
    this.#settle = settle
    const all = Object.getOwnPropertyDescriptors(response) as PropertyDescriptorMap
    this.#before = Object.fromEntries(REPLACED.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
    const methods: Record<(typeof WRITING)[number], Method> = {
      write: (...args) => this.#write(args),
      end: (...args) => this.#end(args),
      writeHead: (...args) => this.#writeHead(args),
      flushHeaders: () => this.#flushHeaders(),
      destroy: (...args) => this.#destroy(args),
    }
    for (const name of WRITING) define(response, name, { value: methods[name], writable: true })
    const existing = response as unknown as Record<string, Method | undefined>
    for (const name of CHANGING) {
      const change = existing[name]
      if (change !== undefined)
        define(response, name, { value: (...args: Arguments) => this.#change(change, args), writable: true })
    }
    // These keep frameworks and handlers from writing to a response that a handler has ended.
    define(response, 'headersSent', { get: () => this.#headersSent })
    define(response, 'writableEnded', { get: () => this.#ended })
  }

  /** Calls `writeHead`, as Node does before the first byte: later middleware may have replaced it to add headers. */
  #begin(): void {
    if (!this.#headersSent) (this.#response.writeHead as Method)(this.#response.statusCode)
  }

  /** Else a handler that answers twice would change the headers of its first answer. */
  #change(change: Method, args: Arguments): unknown {
    if (!this.#headersSent) return change.apply(this.#response, args as unknown[])
    throw Object.assign(new Error('Cannot change the headers of a response after they are sent'), {
      code: 'ERR_HTTP_HEADERS_SENT',
    })
  }

  #flushHeaders(): void {
    this.#begin()
    this.#calls.push({ name: 'flushHeaders', args: [] })
  }

  #write(args: Arguments): boolean {
    checkChunk(args[0])
    this.#begin()
    const callback = args.at(-1)
    // Called at once, because a handler may end the response only after it, and until then nothing is written.
    const early = !this.#settling && typeof callback === 'function'
    this.#take('write', early ? args.slice(0, -1) : args)
    if (early) process.nextTick(callback as () => void)
    if (this.#length > this.#limit) this.#decide(null)
    // `false` stops the handler while the response is recorded.
    return !this.#settling
  }

  #end(args: Arguments): NodeResponse {
    if (args[0] && typeof args[0] !== 'function') checkChunk(args[0])
    this.#begin()
    this.#ended = true
    this.#take('end', args)
    this.#decide(this.#length > this.#limit ? null : Buffer.concat(this.#chunks))
    return this.#response
  }

  // Not called when a client disconnects: the handler still runs, and the key stays claimed.
  #destroy(args: Arguments): NodeResponse {
    this.#calls.push({ name: 'destroy', args })
    this.#decide(null)
    return this.#response
  }

  /** Sets status and headers one by one, so that they can be read later. */
  #writeHead([status, ...rest]: Arguments): NodeResponse {
    // Some middleware calls it before each write, because it does not see that it was called.
    if (this.#headersSent && rest.length === 0) return this.#response
    const code = Number(status)
    if (!(code >= 100 && code <= 999)) throw new RangeError(`Invalid status code: ${status}`)
    this.#response.statusCode = code
    if (typeof rest[0] === 'string') this.#response.statusMessage = String(rest.shift())
    const headers = rest[0] ?? rest[1] ?? {}
    for (const [name, value] of givenHeaders(headers)) this.#response.setHeader(name, value as string)
    this.#headersSent = true
    // Its client waits for each event, and it may never end.
    if (isEventStream(headersOf(this.#response))) this.#decide(null)
    return this.#response
  }

  #take(name: 'write' | 'end', args: Arguments): void {
    this.#calls.push({ name, args })
    const [chunk, encoding] = args
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : chunk
    this.#length += bytes.length
    if (this.#length <= this.#limit) this.#chunks.push(bytes)
  }

  #decide(body: Uint8Array | null): void {
    if (this.#settling) return
    this.#settling = true
    const made = { status: this.#response.statusCode, headers: headersOf(this.#response), body }
    // The work is done, so the response is sent even if it could not be stored.
    void this.#settle(made)
      .catch(() => undefined)
      .then((other) => this.#release(made.status, other))
      // Node refuses what cannot be sent, such as a status message of several lines. The handler has returned by now.
      .catch((error) => (this.#response.destroy as Method)(error))
  }

  async #release(status: number, other: Response | undefined): Promise<void> {
    for (const name of REPLACED) delete (this.#response as Partial<Record<typeof name, unknown>>)[name]
    Object.defineProperties(this.#response, this.#before)
    this.#response.statusCode = status
    if (other !== undefined) {
      for (const name of Object.keys(this.#response.getHeaders())) this.#response.removeHeader(name)
      await sendResponse(this.#response, other)
      return
    }
    for (const { name, args } of this.#calls) (this.#response[name] as Method)(...args)
    this.#response.emit('drain')
  }
}

/** Sends a fetch `Response`. Headers that are already set stay unless it replaces them. */
export async function sendResponse(target: NodeResponse, response: Response): Promise<void> {
  target.statusCode = response.status
  for (const [name, value] of response.headers) target.setHeader(name, value)
  const end = target.end as Method
  end.call(target, Buffer.from(await response.arrayBuffer()))
}

/** Refuses what Node refuses, while the handler can still answer with an error. @throws TypeError */
function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return
  throw new TypeError(
    `The chunk of a response must be a string or a Uint8Array, got ${chunk === null ? 'null' : typeof chunk}`,
  )
}

function define(response: NodeResponse, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(response, name, { configurable: true, enumerable: true, ...descriptor })
}
