import { subscribe as subscribeTo, unsubscribe } from 'node:diagnostics_channel'
import { diag } from '@opentelemetry/api'

/** The listeners, by the names of their channels. */
export type Listeners = Readonly<Record<string, (message: never) => void>>

/**
 * Subscribes each listener to its channel. An error in a listener goes to OpenTelemetry's `diag`, because the runtimes would
 * make it an uncaught exception.
 *
 * @returns a function that unsubscribes them.
 */
export function subscribe(listeners: Listeners): () => void {
  const all = Object.entries(listeners).map(([name, listener]) => [name, guarded(listener)] as const)
  for (const [name, listener] of all) subscribeTo(name, listener)
  return () => {
    for (const [name, listener] of all) unsubscribe(name, listener)
  }
}

function guarded(listener: (message: never) => void): (message: unknown) => void {
  return (message) => {
    try {
      listener(message as never)
    } catch (error) {
      diag.error('persistence-otel: a message of a channel was not counted', error)
    }
  }
}
