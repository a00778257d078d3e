import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import { LOG_LEVELS } from '../logging/logger.js'
import type { ScopeOptions } from '../scope/scope-options.js'
import { checkBreakerOptions } from './check-breaker-options.js'
import { checkOptions, type OptionTable } from './check-options.js'
import { ANY_NUMBER, ANYTHING, having, MS, MS_ABOVE_0, OBJECT, oneOf, TEXT, type Wanted } from './check-value.js'

const SIGNAL: Wanted = {
  wanted: 'an AbortSignal',
  fits: (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function' && 'aborted' in Object(value),
}

const SCOPE: OptionTable<ScopeOptions> = {
  timeout: MS,
  signal: SIGNAL,
  name: TEXT,
  concurrency: ANY_NUMBER,
  circuitBreaker: ANYTHING,
  parent: ANYTHING,
  hooks: OBJECT,
  persistence: ANYTHING,
  idempotency: ANYTHING,
  context: OBJECT,
  logger: having('error'),
  logLevel: oneOf(...LOG_LEVELS),
}

const IDEMPOTENCY: OptionTable<NonNullable<ScopeOptions['idempotency']>> = {
  defaultTTL: MS_ABOVE_0,
  defaultLease: MS_ABOVE_0,
}

/** The methods of each port that a scope calls. The ports before it do not have the first one. */
const PORT_METHODS: Readonly<Record<keyof PersistenceProviders, readonly [string, ...string[]]>> = {
  lock: ['acquire'],
  circuitBreaker: ['getState', 'setState', 'recordFailure', 'recordSuccess'],
  checkpoint: ['loadLatest', 'save', 'cleanup', 'deleteAll'],
  cache: ['has'],
  idempotency: ['get', 'set'],
}
const PORTS = Object.keys(PORT_METHODS) as (keyof PersistenceProviders)[]

/** @throws TypeError for an unknown option name, an invalid value, and a `persistence` that is not an open store. */
export function checkScopeOptions(options: ScopeOptions): void {
  checkOptions('scope', options, SCOPE)
  const { persistence, idempotency, circuitBreaker } = options
  if (idempotency !== undefined) checkOptions('scope', idempotency, IDEMPOTENCY, 'idempotency')
  if (circuitBreaker !== undefined) checkBreakerOptions(circuitBreaker)
  if (persistence === undefined) return
  checkStore('persistence', persistence)
  checkHasPorts(persistence)
  // An adapter has other members too, so only the members with a port's name are checked.
  for (const port of PORTS) {
    const provider = persistence[port]
    if (provider === undefined) continue
    checkStore(`persistence.${port}`, provider)
    const missing = PORT_METHODS[port].find((method) => !hasMethod(provider, method))
    if (missing === undefined) continue
    throw new TypeError(
      `scope option persistence.${port}: must be the ${port} of an adapter or a provider like it, got an object without ${missing}()`,
    )
  }
}

/** Refuses an object without ports. With it the scope would silently have no store. */
function checkHasPorts(persistence: object): void {
  const ports = persistence as PersistenceProviders
  // A proxy may return a port that `in` does not find.
  if (PORTS.some((port) => port in ports || ports[port] !== undefined)) return
  const prototype = Object.getPrototypeOf(persistence)
  // Plain objects of this realm and of other ones.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (isPlain && Object.keys(persistence).length === 0) return
  const port = PORTS.find((name) => hasMethod(persistence, PORT_METHODS[name][0]))
  const got =
    port === undefined
      ? 'an object without any of them'
      : `one ${port}; pass its adapter, or { ${port}: … } for it alone`
  throw new TypeError(`scope option persistence: must be an adapter or an object with ${PORTS.join(', ')}, got ${got}`)
}

function hasMethod(target: object, name: string): boolean {
  return typeof (target as Readonly<Record<string, unknown>>)[name] === 'function'
}

/** Refuses a class or a promise, which have no methods of a port. With it the scope would silently have no store. */
function checkStore(name: string, store: object): void {
  const title = `scope option ${name}: must be an open store`
  if (typeof store === 'function') {
    const { name: className } = store as { readonly name: string }
    throw new TypeError(
      `${title}, got the class or function ${className || 'without a name'}; create an instance and pass that`,
    )
  }
  if (typeof store !== 'object' || store === null) {
    throw new TypeError(`${title}, got ${store === null ? 'null' : typeof store}`)
  }
  if (typeof (store as { readonly then?: unknown }).then === 'function') {
    throw new TypeError(`${title}, got a promise; await it before it is passed`)
  }
}
