import type { MessagePort } from 'node:worker_threads'
import type { OpenOptionsUnderTest, Row } from '../engine-under-test.js'
import type { SharedClock } from './mirrored-clocks.js'

type Parameters = readonly (string | number | null)[]

/** What the owner's adapter on a handle goes by. */
export interface Serving {
  readonly clock: SharedClock
  /** ms. */
  readonly busyTimeout: number | undefined
  readonly hasCodec: boolean
}

/** What the thread of the owner is told to do, and what it answers. Handles are numbers. */
export interface Orders {
  open(given: { readonly path: string }): Promise<number>
  rows(given: { readonly handle: number; readonly sql: string; readonly params: Parameters }): Promise<Row[]>
  close(given: { readonly handle: number }): Promise<void>
  /** Serves an adapter of its own on the handle, instead of the one that was served there before. */
  serve(given: { readonly handle: number } & Serving): Promise<MessagePort | undefined>
  openPath(given: {
    readonly path: string
    readonly options: OpenOptionsUnderTest
    readonly clock: SharedClock | undefined
    readonly hasCodec: boolean
  }): Promise<{ readonly handle: number; readonly port: MessagePort }>
  /** The last adapter of the user has left. @param given `keep` leaves the handle open. */
  leave(given: { readonly handle: number; readonly keep: boolean }): Promise<void>
  /** Timers may be due by a clock of the tests, which is sent where no memory is shared. */
  tick(given: { readonly clock?: SharedClock }): Promise<void>
}

/** An error that was sent as what it has. */
export interface SentError {
  readonly code: never
  readonly operation: string | undefined
  readonly message: string
}

/** What the thread of the owner says. */
export type Said =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly handle: number; readonly diagnostic: { readonly error?: SentError } }
