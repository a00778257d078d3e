import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'

export type PortName = keyof PersistenceProviders

// A record, so that the type checker reports a missing one.
const PORTS: Readonly<Record<PortName, true>> = {
  lock: true,
  circuitBreaker: true,
  cache: true,
  idempotency: true,
  checkpoint: true,
}

/** Every port, by the member of `scope({ persistence })`. */
export const portNames: readonly PortName[] = Object.keys(PORTS) as PortName[]
