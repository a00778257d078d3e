import { systemClock } from '@go-go-scope/persistence-core/dialect'
import type { Hooks } from './connection-ends.js'
import type { ListensLike } from './reserved.js'
import type { Listener } from './wire.js'

/** Properties of the `listen` of `postgres`. Undocumented. */
interface Listening {
  /** The requests by channel. When its connection ends, the library makes all of them again. */
  readonly channels?: Record<string, { listeners: readonly { readonly fn: unknown }[] } | undefined>
  /** The `sql` of the listening connection. It exists from the first request on. */
  readonly sql?: { readonly options?: Hooks }
}

// ms after which the end of a connection is reported. A server often ends all connections at once, and the report makes callers
// send statements. If one is sent on a connection just before the library notices its end, the library never uses that slot of
// its pool again: what is sent there waits for `connect_timeout`.
const REPORT_AFTER_MS = 50

/** What is called when the listening connection of an `sql` ends, by the hooks of that connection. */
const ends = new WeakMap<Hooks, Set<() => void>>()

/**
 * Listens on a channel by an `sql` of `postgres`, until its listening connection ends. The library would reconnect without a
 * pause: dozens of times a second, while a server refuses connections because it starts or has too many.
 *
 * @returns a function that stops listening.
 * @throws the error of the library.
 */
export async function listenByPostgresJs(
  library: ListensLike,
  channel: string,
  listener: Listener,
): Promise<() => Promise<void>> {
  const listening = library.listen as Listening
  const notified = (text: string): void => listener.notified(text)
  let began = false
  let ended = false
  let cancelReport = (): void => undefined
  // A release of the library without these properties reconnects by itself.
  const again = (): void => {
    if (began) listener.reconnected()
  }
  const subscribing = library.listen(channel, notified, again)
  const forget = onEnd(listening.sql?.options, () => {
    ended = true
    withdraw(listening, channel, notified)
    if (began) cancelReport = systemClock.setTimer(() => listener.ended(), REPORT_AFTER_MS)
  })
  try {
    const subscription = await subscribing
    if (ended) throw new Error('the connection ended')
    began = true
    return async () => {
      forget()
      cancelReport()
      // Not awaited: a server that fell silent does not answer.
      void Promise.resolve(subscription.unlisten()).catch(() => undefined)
    }
  } catch (error) {
    forget()
    withdraw(listening, channel, notified)
    throw error
  }
}

/** Calls `end` at each end of a connection, before the library's own hook makes its requests again. @returns the opposite. */
function onEnd(hooks: Hooks | undefined, end: () => void): () => void {
  if (hooks === undefined) return () => undefined
  const called = ends.get(hooks) ?? hooked(hooks)
  called.add(end)
  return () => void called.delete(end)
}

function hooked(hooks: Hooks): Set<() => void> {
  const called = new Set<() => void>()
  ends.set(hooks, called)
  const { onclose } = hooks
  hooks.onclose = (id) => {
    for (const end of [...called]) end()
    onclose?.(id)
  }
  return called
}

/** Withdraws a request to listen. The library keeps also those that have failed. */
function withdraw({ channels = {} }: Listening, channel: string, notified: (text: string) => void): void {
  const request = channels[channel]
  if (request === undefined) return
  request.listeners = request.listeners.filter(({ fn }) => fn !== notified)
  if (request.listeners.length === 0) delete channels[channel]
}
