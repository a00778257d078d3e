import { Guard } from './guard.js'
import { GuardedRun } from './guarded-run.js'
import { headersOf, type NodeHeaders } from './node-headers.js'
import type { IdempotencyKeyOptions } from './options.js'
import { parsedBody } from './parsed-body.js'

export type { IdempotencyKeyOptions, IdempotencyProblem } from './options.js'

/** The members of Fastify's request that are used. */
export interface FastifyRequestLike {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

/** The members of Fastify's reply that are used. */
export interface FastifyReplyLike {
  readonly statusCode: number
  readonly raw: {
    readonly destroyed: boolean
    readonly headersSent: boolean
    readonly stream?: { readonly destroyed: boolean }
    once(event: 'close', listener: () => void): unknown
    end(...args: never[]): unknown
    destroy(...args: never[]): unknown
  }
  code(status: number): unknown
  header(name: string, value: string): unknown
  headers(values: NodeHeaders): unknown
  removeHeader(name: string): unknown
  getHeaders(): NodeHeaders
  send(payload: unknown): unknown
}

/** The members of a Fastify instance that are used. */
export interface FastifyLike {
  addHook(name: string, hook: (...args: never[]) => unknown): unknown
}

type Plugin = (fastify: FastifyLike, options: IdempotencyKeyOptions<FastifyRequestLike>) => Promise<void>

interface Tagged {
  readonly [Symbol.toStringTag]?: string
}

const guardRoutes: Plugin = async (fastify, options) => {
  const guard = new Guard(options)
  const runs = new WeakMap<object, GuardedRun>()
  /** The requests whose answers are being recorded, and whether they were answered again meanwhile. */
  const recording = new WeakMap<object, boolean>()

  fastify.addHook('preHandler', async (request: FastifyRequestLike, reply: FastifyReplyLike) => {
    const run = await guard.begin(
      {
        method: request.method,
        target: request.url,
        key: request.headers['idempotency-key']?.toString(),
        body: async () => parsedBody(request),
      },
      request,
    )
    if (run instanceof GuardedRun) {
      runs.set(request, run)
      const { raw } = reply
      run.follow(raw)
      // After `hijack`, `onSend` is not called.
      followEnd(raw, () => {
        if (runs.delete(request)) void run.settle({ status: reply.statusCode, headers: headersOf(reply), body: null })
      })
    }
    if (!(run instanceof Response)) return undefined
    const body = await putInto(reply, run)
    // Fastify would add a content type to an empty buffer that has none.
    return reply.send(body.length > 0 || run.headers.has('content-type') ? body : undefined)
  })

  // Must be the last hook, so that the kept response is the one that is sent.
  fastify.addHook('onSend', async (request: object, reply: FastifyReplyLike, payload: unknown) => {
    // A second answer, or a reply that was sent but not returned. Without a hook, Fastify would have sent the first one by now.
    if (recording.has(request)) {
      recording.set(request, true)
      return new Promise(() => undefined)
    }
    const run = runs.get(request)
    if (!run) return payload
    runs.delete(request)
    const status = reply.statusCode
    const given = reply.getHeaders()
    recording.set(request, false)
    // Fastify adopts the status of a fetch response, whose body is a stream, only after this hook. It tells one by this tag.
    const other = await run.settle({
      status: (payload as Tagged | null)?.[Symbol.toStringTag] === 'Response' ? (payload as Response).status : status,
      headers: headersOf(reply),
      body: bodyOf(payload, guard.maxBody),
    })
    const again = recording.get(request)
    recording.delete(request)
    if (!other && !again) return payload
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
    if (other) return putInto(reply, other)
    reply.code(status)
    reply.headers(given)
    return payload
  })
}

/** Calls `onEnd` when the reply has been ended. After the client has left, Node emits no event for that. */
function followEnd(raw: FastifyReplyLike['raw'], onEnd: () => void): void {
  for (const name of ['end', 'destroy'] as const) {
    const method = raw[name]
    raw[name] = (...args) => {
      try {
        const result = method.apply(raw, args)
        onEnd()
        return result
      } catch (error) {
        // It has refused its arguments. Until the headers are sent, the handler may end the reply with another status.
        if (raw.headersSent) onEnd()
        throw error
      }
    }
  }
}

/** Sets the status and headers of the reply. Returns the payload. */
async function putInto(reply: FastifyReplyLike, response: Response): Promise<Buffer> {
  reply.code(response.status)
  for (const [name, value] of response.headers) reply.header(name, value)
  return Buffer.from(await response.arrayBuffer())
}

/** Returns the body of a payload; `null` for a stream and for a body that is longer than `limit` bytes. */
function bodyOf(payload: unknown, limit: number): string | Uint8Array | null {
  const body = payload ?? ''
  return (typeof body === 'string' || body instanceof Uint8Array) && Buffer.byteLength(body) <= limit ? body : null
}

/**
 * Plugin for Fastify: `await app.register(idempotencyKey, { … })` guards all routes that are declared later in the instance
 * and in its child instances.
 */
export const idempotencyKey: Plugin = Object.assign(guardRoutes, {
  // As fastify-plugin does. Without these, the hooks would apply only to routes of the plugin itself.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@go-go-scope/idempotency-key',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@go-go-scope/idempotency-key' },
})
