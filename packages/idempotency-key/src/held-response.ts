import { validateHeaderValue } from 'node:http'
import { isUint8Array } from 'node:util/types'
import type { MadeResponse } from './kept-response.js'
import { givenHeaders, headersOf } from './node-headers.js'
import { type NodeResponse, putHead } from './node-response.js'
import { isEventStream } from './read-body.js'

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
  /** The response's methods before they were replaced. */
  readonly #real: Record<string, Method> = {}
  /** The response's own properties before they were replaced, as by another guard. */
  readonly #before: [name: string, property: PropertyDescriptor | undefined][] = []
  readonly #calls: [name: string, args: unknown[]][] = []
  readonly #chunks: Uint8Array[] = []
  /** The listeners for `drain` that middleware which compresses gave to a stream of its own, which was never full. */
  readonly #draining: unknown[] = []
  #length = 0
  /** Set by `writeHead`. Later changes of `statusCode` have no effect. */
  #status: number | undefined
  #settling = false
  #released = false
  /** Whether another response was sent. What the handler still writes is dropped. */
  #replaced = false
  #ended = false

  constructor(response: NodeResponse, limit: number, settle: (made: MadeResponse) => Promise<Response | undefined>) {
    this.#response = response
    this.#limit = limit
    this.#settle = settle
    this.#hold('write', (args) => this.#write(args))
    this.#hold('end', (args) => this.#end(args))
    this.#hold('flushHeaders', () => {
      this.#begin()
      this.#calls.push(['flushHeaders', []])
    })
    this.#hold('destroy', (args) => this.#destroy(args))
    this.#hold('writeHead', (args) => this.#writeHead(args))
    this.#hold('on', (args) => {
      this.#send('on', args)
      if (args[0] === 'drain' && !response.rawListeners('drain').includes(args[1])) this.#draining.push(args[1])
      return response
    })
    // Else a handler that answers twice would change the headers of its first answer.
    for (const name of CHANGING) {
      this.#hold(name, (args) => (this.#status === undefined ? this.#send(name, args) : refuseHeaders()))
    }
    // These keep frameworks and handlers from writing to a response that a handler has ended.
    this.#define('headersSent', () => this.#status !== undefined)
    this.#define('writableEnded', () => this.#ended)
  }

  /** Calls `writeHead`, as Node does before the first byte: later middleware may have replaced it to add headers. */
  #begin(): void {
    if (this.#status === undefined) (this.#response.writeHead as Method)(this.#response.statusCode)
  }

  #write(args: unknown[]): boolean {
    const hasCallback = typeof args.at(-1) === 'function'
    // Called at once, because a handler may end the response only after it, and until then nothing is written.
    const early = hasCallback && !this.#settling ? [args.pop()] : []
    this.#take('write', args)
    callAll(early)
    // `false` stops the handler while the response is recorded.
    return !this.#settling || this.#replaced
  }

  #end(args: unknown[]): NodeResponse {
    this.#take('end', args)
    this.#ended = true
    this.#decide(Buffer.concat(this.#chunks))
    return this.#response
  }

  // Not called when a client disconnects: the handler still runs, and the key stays claimed.
  #destroy(args: unknown[]): NodeResponse {
    this.#calls.push(['destroy', args])
    this.#ended = true
    this.#decide(null)
    return this.#response
  }

  /** Sets status and headers one by one, so that they can be read later. */
  #writeHead([status, ...rest]: unknown[]): NodeResponse {
    const response = this.#response
    if (this.#status !== undefined) {
      // Some middleware calls it before each write, because it does not see that it was called.
      if (rest.length === 0 && status === response.statusCode) return response
      refuseHeaders()
    }
    const code = Math.trunc(Number(status))
    if (!(code >= 100 && code <= 999)) refuse(RangeError, `Invalid status code: ${status}`, 'HTTP_INVALID_STATUS_CODE')
    response.statusCode = code
    if (typeof rest[0] === 'string') response.statusMessage = String(rest.shift())
    // HTTP/2 has none, and warns when it is read.
    if (Object.hasOwn(response, 'statusMessage')) validateHeaderValue('statusMessage', response.statusMessage ?? '')
    const headers = givenHeaders(rest[0] ?? rest[1] ?? {})
    for (const [name] of headers) response.removeHeader(name)
    // A name may occur several times, as for cookies.
    for (const [name, value] of headers) response.appendHeader(name, value)
    this.#status = code
    // Its client waits for each event, and it may never end.
    if (isEventStream(headersOf(response))) this.#decide(null)
    return response
  }

  /** @throws TypeError for a chunk that Node refuses too, before anything is sent. */
  #take(name: 'write' | 'end', args: unknown[]): void {
    const callbacks = args.filter((arg) => typeof arg === 'function')
    const hasChunk = name === 'write' || (args[0] && args[0] !== callbacks[0])
    // Copied, because the handler may reuse its buffer after the callback.
    const chunks = hasChunk ? [bytesOf(args[0], args[1])] : []
    this.#begin()
    for (const { length } of chunks) this.#length += length
    if (this.#length <= this.#limit) this.#chunks.push(...chunks)
    if (this.#replaced) callAll(callbacks)
    else this.#calls.push([name, [...chunks, ...callbacks]])
    if (this.#length > this.#limit) this.#decide(null)
  }

  #decide(body: Uint8Array | null): void {
    if (this.#settling) return
    this.#settling = true
    const made = { status: this.#status ?? this.#response.statusCode, headers: headersOf(this.#response), body }
    // The work is done, so the response is sent even if it could not be stored.
    void this.#settle(made)
      .catch(() => undefined)
      .then((other) => this.#release(made.status, other))
      // Node refuses some responses only now, when the handler has returned.
      .catch((error) => this.#send('destroy', [error]))
  }

  /** Holds back the calls of a method. Middleware may have kept the replacement, so it stays, and then calls the real method. */
  #hold(name: string, held: (args: unknown[]) => unknown): void {
    const methods = this.#response as unknown as Record<string, Method>
    this.#real[name] = methods[name] as Method
    methods[name] = (...args) => (this.#released ? this.#send(name, args) : held(args))
  }

  #send(name: string, args: unknown[]): unknown {
    return this.#real[name]?.apply(this.#response, args)
  }

  #define(name: string, get: () => boolean): void {
    this.#before.push([name, Object.getOwnPropertyDescriptor(this.#response, name)])
    Object.defineProperty(this.#response, name, { configurable: true, get })
  }

  async #release(status: number, other: Response | undefined): Promise<void> {
    // Read first: between the release and the end, what the handler still writes would be sent before it.
    const body = other && Buffer.from(await other.arrayBuffer())
    this.#released = true
    for (const [name, property] of this.#before) {
      delete (this.#response as unknown as Record<string, unknown>)[name]
      if (property) Object.defineProperty(this.#response, name, property)
    }
    // What later middleware does before the headers are sent has been done.
    this.#response.writeHead = this.#real.writeHead as never
    this.#response.statusCode = status
    if (other) {
      for (const name of Object.keys(this.#response.getHeaders())) this.#response.removeHeader(name)
      putHead(this.#response, other)
      this.#send('end', [body])
      // The real methods would emit an error for what the handler goes on writing, which ends a process without a listener.
      this.#released = false
      this.#replaced = true
      this.#status = other.status
      callAll(this.#calls.flatMap(([, args]) => args))
      // Node emits `drain` itself after a write that it has answered by `false`, and none after the end, where a listener that
      // writes would raise an error.
    } else if (this.#calls.map(([name, args]) => this.#send(name, args)).includes(false) || this.#ended) return
    this.#response.emit('drain')
    callAll(this.#draining)
  }
}

/** Calls the functions among the values, as listeners or callbacks of writes that are not sent: the handler may wait for them. */
function callAll(args: readonly unknown[]): void {
  for (const callback of args) if (typeof callback === 'function') process.nextTick(callback as () => void)
}

function bytesOf(chunk: unknown, encoding: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as 'utf8') : 'utf8')
  if (!isUint8Array(chunk)) refuse(TypeError, 'A chunk must be a string or bytes', 'INVALID_ARG_TYPE')
  return Buffer.from(chunk)
}

function refuseHeaders(): never {
  refuse(Error, 'Headers are sent', 'HTTP_HEADERS_SENT')
}

/** Throws what Node throws. */
function refuse(type: ErrorConstructor, message: string, code: string): never {
  throw Object.assign(new type(message), { code: `ERR_${code}` })
}
