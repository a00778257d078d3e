import type { Row, SqlValue } from '../../../driver/driver.js'
import type { ErrorForm } from '../../../errors/error-form.js'
import type { StandbyState, Verification } from './standby-state.js'

/** What the thread of a standby is started for. */
export interface FollowInput {
  /** Absolute path of the file to follow. */
  readonly source: string
  /** Absolute path of the standby, or `:memory:`. */
  readonly target: string
  /** ms between two looks at the source. */
  readonly every: number
  /** ms to wait for other writers of the source, to begin. */
  readonly busyTimeout: number
}

/** What the thread is asked, with what it answers. */
export interface Calls {
  /** Runs one statement on the standby. */
  query: { asked: { readonly sql: string; readonly parameters: readonly SqlValue[] }; answer: Row[] }
  /** Answers when the standby has that change, or all that the source has now. */
  reach: { asked: { readonly position: number | undefined }; answer: number }
  verify: { asked: object; answer: Verification }
  /** Answers the device and inode of the file of the standby; `undefined` for `:memory:`. */
  takeOver: { asked: { readonly force: boolean }; answer: string | undefined }
}

export type CallName = keyof Calls

/** One call. */
export type Request = {
  [Name in CallName]: { readonly id: number; readonly call: Name; readonly asked: Calls[Name]['asked'] }
}[CallName]

/** What the thread tells. */
export type FollowEvent =
  | { readonly state: StandbyState }
  /** The first copy is made, or the standby goes on from where it was. */
  | { readonly begun: true }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ErrorForm }
