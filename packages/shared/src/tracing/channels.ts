import { channel } from 'node:diagnostics_channel'

/** The names of the channels of `node:diagnostics_channel`. `call` is the name of a `tracingChannel`. */
export const CHANNELS = {
  call: 'go-go-scope.persistence.call',
  lock: 'go-go-scope.persistence.lock',
  circuit: 'go-go-scope.persistence.circuit',
  cache: 'go-go-scope.persistence.cache',
  claim: 'go-go-scope.persistence.claim',
  diagnostic: 'go-go-scope.persistence.diagnostic',
} as const

/** A channel that carries messages of one type. */
export interface MessageChannel<Message> {
  /** Whether there is a subscriber. Check it before creating a message. */
  readonly hasSubscribers: boolean
  publish(message: Message): void
}

/** The channel of one kind of event. */
export function eventChannel<Message>(event: Exclude<keyof typeof CHANNELS, 'call'>): MessageChannel<Message> {
  return channel(CHANNELS[event])
}

/** A channel whose subscribers may bind an AsyncLocalStorage to the code that runs while its message is published. */
export interface PhaseChannel<Message> extends MessageChannel<Message> {
  runStores<Result>(message: Message, run: () => Result): Result
}

/** The phases of a call, as a `tracingChannel` names them. */
export type Phase = 'start' | 'end' | 'error' | 'asyncStart' | 'asyncEnd'

/** The channel of one phase of calls. Looked up by name, because the `tracingChannel` of Bun has no `hasSubscribers`. */
export function phaseChannel<Message extends object>(phase: Phase): PhaseChannel<Message> {
  return channel(`tracing:${CHANNELS.call}:${phase}`)
}
