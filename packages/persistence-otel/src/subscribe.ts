import { subscribe as subscribeTo, unsubscribe } from 'node:diagnostics_channel'
import { diag } from '@opentelemetry/api'

/** What hears the messages of channels, by the names of the channels. */
export type Listeners = Readonly<Record<string, (message: never) => void>>

/**
 * Has each listener called with each message of its channel. What one throws goes to OpenTelemetry's `diag`: the runtimes
 * would make an uncaught exception of it.
 *
 * @returns ends it.
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
