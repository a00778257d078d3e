import type { MessagePort } from 'node:worker_threads'
import type { OpenOptionsUnderTest, Row } from '../engine-under-test.js'
import type { SharedClock } from './mirrored-clocks.js'

type Parameters = readonly (string | number | null)[]

/** The settings of the owner's adapter on a handle. */
export interface Serving {
  readonly clock: SharedClock
  /** ms. */
  readonly busyTimeout: number | undefined
  readonly hasCodec: boolean
}

/** The orders to the owner's thread and their answers. Handles are numbers. */
export interface Orders {
  open(given: { readonly path: string }): Promise<number>
  rows(given: { readonly handle: number; readonly sql: string; readonly params: Parameters }): Promise<Row[]>
  close(given: { readonly handle: number }): Promise<void>
  /** Serves a new adapter on the handle, in place of the one that was served before. */
  serve(given: { readonly handle: number } & Serving): Promise<MessagePort | undefined>
  openPath(given: {
    readonly path: string
    readonly options: OpenOptionsUnderTest
    readonly clock: SharedClock | undefined
    readonly hasCodec: boolean
  }): Promise<{ readonly handle: number; readonly port: MessagePort }>
  /** The last adapter of the user has left. @param given `keep` leaves the handle open. */
  leave(given: { readonly handle: number; readonly keep: boolean }): Promise<void>
  /** Fires due timers of a test's clock. The clock is sent if there is no shared memory. */
  tick(given: { readonly clock?: SharedClock }): Promise<void>
}

/** An error that was sent as its members. */
export interface SentError {
  readonly code: never
  readonly operation: string | undefined
  readonly message: string
}

/** A message from the owner's thread. */
export type Said =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly handle: number; readonly diagnostic: { readonly error?: SentError } }
