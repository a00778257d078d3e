import type { Announcement, BoundTime, Parameters } from '../../queue/statement.js'
import type { clientOp } from '../wire/protocol.js'
import type { ServedCall, ServedCalls } from './served-call.js'

/** A step of an atomic batch as it is sent. What becomes of an unmet expectation is decided by the client. */
export interface WireStep {
  readonly sql: string
  readonly parameters: Parameters
  readonly clocked: BoundTime
  readonly expect: number | undefined
  readonly announces: Announcement | undefined
}

interface Single {
  /** The number of calls of {@link ServedCalls}. */
  readonly count?: number
}

interface Numbered extends Single {
  /** The number of the request. */
  readonly number: number
  /** Its approximate size in bytes. */
  readonly units: number
}

/** A command that gets an answer. */
export type RequestCommand =
  | ServedCall
  | ServedCalls
  | (Numbered &
      (
        | {
            readonly op: typeof clientOp.query
            readonly name: string
            readonly sql: string
            readonly parameters: Parameters
          }
        | { readonly op: typeof clientOp.atomic; readonly name: string; readonly steps: readonly WireStep[] }
      ))
  | LockCommand

export type LockCommand = Numbered &
  (
    | {
        readonly op: typeof clientOp.acquire
        readonly prefix: string
        readonly key: string
        readonly ttl: number
        readonly owner: string | undefined
      }
    | { readonly op: typeof clientOp.isHeld | typeof clientOp.release; readonly token: number }
    | { readonly op: typeof clientOp.extend; readonly token: number; readonly ttl: number }
    | {
        readonly op: typeof clientOp.extendOwned
        readonly prefix: string
        readonly key: string
        readonly owner: string
        readonly ttl: number
      }
    | { readonly op: typeof clientOp.forceRelease; readonly prefix: string; readonly key: string }
  )

/** A command that gets no answer. */
export type Notification = Single & NotificationForm

type NotificationForm =
  | {
      readonly op:
        | typeof clientOp.followCircuit
        | typeof clientOp.leaveCircuit
        | typeof clientOp.followClaim
        | typeof clientOp.leaveClaim
      readonly key: string
    }
  | {
      readonly op: typeof clientOp.enterLoad
      readonly wait: number
      readonly entry: string
      readonly key: string
      readonly inside: number
    }
  | { readonly op: typeof clientOp.waitInLoad; readonly wait: number; readonly load: number; readonly inside: number }
  | { readonly op: typeof clientOp.loaded; readonly wait: number; readonly text: string }
  | { readonly op: typeof clientOp.loadFailed; readonly wait: number; readonly error: Error }
  | { readonly op: typeof clientOp.loadPassedOn; readonly wait: number }
  | { readonly op: typeof clientOp.giveUpWait; readonly wait: number }
  | { readonly op: typeof clientOp.watchCircuit; readonly key: string; readonly interval: number }
  | { readonly op: typeof clientOp.more; readonly request: number }
  | { readonly op: typeof clientOp.bye | typeof clientOp.schemaReady | typeof clientOp.taken }

/** What a client sends. */
export type Command = RequestCommand | Notification

/** The number of requests or notifications in a command: calls that were sent together are several. */
export function countOf({ count = 1 }: Command): number {
  return count
}
