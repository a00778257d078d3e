import {
  type ClaimingIdempotencyProvider,
  type Complete,
  checkProvider,
  invalidOption,
  type OptionNames,
  readOptions,
} from '@go-go-scope/persistence-core/integration'

/** The argument of the option `onProblem`. */
export interface IdempotencyProblem {
  /**
   * - `response-not-stored`: the work is done and its response is sent, but a repeated request cannot get that response. If the
   *   `cause` is retryable, it is recorded later, within ten leases, and until then the key stays claimed.
   * - `claim-lost`: the lease expired while the handler ran, for example because the process was suspended. The handler may have
   *   run twice.
   * - `key-not-freed`: the request failed, and its key stays claimed until the lease expires.
   * - `keep-failed`: the option `keep` threw.
   */
  readonly type: 'response-not-stored' | 'claim-lost' | 'key-not-freed' | 'keep-failed'
  readonly key: string
  readonly message: string
  readonly cause?: unknown
}

/** The part of a response by which `keep` decides. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Headers
}

// Scope and fingerprint are methods, so that a function for a subtype, such as an app's extended request, is accepted.
/** @typeParam Source The framework's request: `Request`, Hono's `Context`, Fastify's or Express's request. */
export interface IdempotencyKeyOptions<Source> {
  /** Where keys are claimed and responses are kept: `persistence.idempotency`. */
  store: ClaimingIdempotencyProvider
  /**
   * Returns the owner of the key, usually the id of the authenticated user or tenant. Keys of different owners are different keys,
   * so that no user gets the response of another.
   */
  scope(source: Source): string | Promise<string>
  /** ms after which the key of a crashed process is free again. The lease is renewed while a handler runs. Default 30000. */
  lease?: number | undefined
  /** ms for which a response is kept. Default one day. */
  ttl?: number | undefined
  /** ms for which a request waits while another request with its key is handled. Then it is refused. Default 0. */
  wait?: number | undefined
  /** The HTTP methods whose requests are guarded. Default POST and PATCH. */
  methods?: readonly string[] | undefined
  /** Whether a request without the header is refused. `false`: it is handled without a guard. Default `true`. */
  required?: boolean | undefined
  /** Returns a text that must be equal in a repeated request. Default: a hash of method, path, query and body. */
  fingerprint?: ((source: Source) => string | Promise<string>) | undefined
  /**
   * Returns whether a response is kept. If not, the key is released. Default: responses with a status below 500 are kept. It is
   * not called for a status outside 200 to 599, as that of `Response.error()`, which is never kept.
   */
  keep?: ((response: ResponseHead) => boolean) | undefined
  /** The maximum length in bytes of a body that is kept. Default 1 MiB. */
  maxBody?: number | undefined
  /** Called with problems that the response does not show. Errors it throws are ignored. */
  onProblem?: ((problem: IdempotencyProblem) => void) | undefined
}

const NAMES: OptionNames<IdempotencyKeyOptions<unknown>> = {
  store: true,
  scope: true,
  lease: true,
  ttl: true,
  wait: true,
  methods: true,
  required: true,
  fingerprint: true,
  keep: true,
  maxBody: true,
  onProblem: true,
}

/** The options with their defaults. */
export type Settings<Source> = Complete<Omit<IdempotencyKeyOptions<Source>, 'fingerprint' | 'methods'>> & {
  readonly methods: ReadonlySet<string>
  readonly fingerprint?: IdempotencyKeyOptions<Source>['fingerprint']
}

export const keepByDefault = ({ status }: Pick<ResponseHead, 'status'>): boolean => status < 500

const DAY_MS = 24 * 60 * 60_000
const MEBIBYTE = 1024 ** 2

/**
 * Checks the options and fills in defaults.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` for a store without claims and for an unknown option, `INVALID_OPTION` for an
 *   invalid value. The store checks on each claim that the lease is finite and is not a point in time.
 */
export function settingsOf<Source>(options: IdempotencyKeyOptions<Source>): Settings<Source> {
  const given = readOptions(options, NAMES as OptionNames<IdempotencyKeyOptions<Source>>, 'idempotencyKey')
  checkProvider(given.store, ['claim'], 'option store: the idempotency', 'idempotencyKey')
  // Required, because with a default all users would share their keys.
  if (typeof given.scope !== 'function') {
    throw invalidOption('scope', given.scope, 'a function that gives the id of the user or tenant whose keys they are')
  }
  const { lease = 30_000, ttl = DAY_MS, wait = 0, methods = ['POST', 'PATCH'], required = true } = given
  const { maxBody = MEBIBYTE, keep = keepByDefault, onProblem = () => undefined } = given
  // Checked here, so that an app that cannot answer any request fails at its start.
  for (const [name, value] of Object.entries({ lease, ttl })) {
    if (!(typeof value === 'number' && value > 0)) throw invalidOption(name, value, 'a positive number of ms')
  }
  if (!(typeof wait === 'number' && wait >= 0)) throw invalidOption('wait', wait, 'a number of ms from 0')
  // Checked here, because after the handler has run it is too late to refuse them.
  for (const name of ['fingerprint', 'keep', 'onProblem'] as const) {
    const value: unknown = given[name]
    if (value !== undefined && typeof value !== 'function') throw invalidOption(name, value, 'a function')
  }
  if (typeof required !== 'boolean') throw invalidOption('required', required, 'true or false')
  if (!Array.isArray(methods)) throw invalidOption('methods', methods, 'an array of method names')
  if (!Number.isSafeInteger(maxBody) || maxBody < 0) throw invalidOption('maxBody', maxBody, 'a number of bytes')
  const guarded = new Set(methods.map((method) => String(method).toUpperCase()))
  return { ...given, lease, ttl, wait, required, keep, maxBody, onProblem, methods: guarded }
}
