import { resolveOptions } from '@go-go-scope/persistence-core/dialect'

// Compiled, never run. Without `exactOptionalPropertyTypes`, a mapped type that removes `?` removes `undefined` too.
const { busyTimeout, onDiagnostic, sweepInterval } = resolveOptions()
export const ms: number = busyTimeout
// @ts-expect-error The app may have given no interval.
export const interval: number = sweepInterval
// @ts-expect-error The app may have given no listener.
onDiagnostic({ type: 'listener-error', operation: 'connect', error: undefined })
