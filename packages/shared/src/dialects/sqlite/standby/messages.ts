import type { Row, SqlValue } from '../../../driver/driver.js'
import type { ErrorForm } from '../../../errors/error-form.js'
import type { StandbyState, Verification } from './standby-state.js'

/** The input of a standby's thread. */
export interface FollowInput {
  /** Absolute path of the file to follow. */
  readonly source: string
  /** Absolute path of the standby, or `:memory:`. */
  readonly target: string
  /** ms between two polls of the source. */
  readonly every: number
  /** ms to wait for other writers of the source when following begins. */
  readonly busyTimeout: number
}

/** The requests to the thread and their answers. */
export interface Calls {
  /** Runs one statement on the standby. */
  query: { input: { readonly sql: string; readonly parameters: readonly SqlValue[] }; answer: Row[] }
  /** Answers when the standby has that change, or everything that the source has now. */
  reach: { input: { readonly position: number | undefined }; answer: number }
  verify: { input: object; answer: Verification }
  /** Answers the device and inode of the standby's file; `undefined` for `:memory:`. */
  takeOver: { input: { readonly force: boolean }; answer: string | undefined }
}

export type CallName = keyof Calls

/** One call. */
export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly input: Calls[Name]['input'] }
}[CallName]

/** The events that the thread sends. */
export type FollowEvent =
  | { readonly state: StandbyState }
  /** The first copy is complete, or the standby continues from its earlier position. */
  | { readonly begun: true }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ErrorForm }
