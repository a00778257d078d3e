import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { ScopeOptions } from '../scope/scope-options.js'
import { checkBreakerOptions } from './check-breaker-options.js'
import { ANY_NUMBER, checkMembers, MS, MS_ABOVE_0, TEXT, type Wanted } from './check-value.js'
import { type KnownNames, refuseUnknown } from './refuse-unknown.js'

const SCOPE: KnownNames<ScopeOptions> = {
  timeout: true,
  signal: true,
  name: true,
  concurrency: true,
  circuitBreaker: true,
  parent: true,
  hooks: true,
  persistence: true,
  idempotency: true,
  context: true,
  logger: true,
  logLevel: true,
}

const IDEMPOTENCY: KnownNames<NonNullable<ScopeOptions['idempotency']>> = { defaultTTL: true, defaultLease: true }

const SIGNAL: Wanted = {
  wanted: 'an AbortSignal',
  fits: (value) => typeof (value as AbortSignal | null)?.addEventListener === 'function' && 'aborted' in Object(value),
}
const SCOPE_VALUES = { timeout: MS, signal: SIGNAL, name: TEXT, concurrency: ANY_NUMBER }
const IDEMPOTENCY_VALUES = { defaultTTL: MS_ABOVE_0, defaultLease: MS_ABOVE_0 }

const PORTS: KnownNames<PersistenceProviders> = {
  lock: true,
  circuitBreaker: true,
  cache: true,
  idempotency: true,
  checkpoint: true,
}

/** @throws TypeError for an unknown option name, a value that means nothing, and a `persistence` that is not an open store. */
export function checkScopeOptions(options: ScopeOptions): void {
  refuseUnknown('scope options', options, SCOPE)
  checkMembers('scope option', options, SCOPE_VALUES)
  const { persistence, idempotency, circuitBreaker } = options
  if (idempotency !== undefined) {
    refuseUnknown('scope option idempotency', idempotency, IDEMPOTENCY)
    checkMembers('scope option idempotency:', idempotency, IDEMPOTENCY_VALUES)
  }
  if (circuitBreaker !== undefined) checkBreakerOptions(circuitBreaker)
  if (persistence === undefined) return
  // An adapter has other members too, so only the members with a port's name are checked.
  checkStore('persistence', persistence)
  for (const port of Object.keys(PORTS) as (keyof PersistenceProviders)[]) {
    const provider = persistence[port]
    if (provider !== undefined) checkStore(`persistence.${port}`, provider)
  }
}

/** A class or a promise has no port's methods: without this check the scope would run without a store. */
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
