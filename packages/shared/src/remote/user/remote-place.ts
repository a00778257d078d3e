import type { Place } from '../../connection/place.js'
import type { WriteGuard } from '../../queue/queue-context.js'
import type { Welcome } from '../wire/protocol.js'

/** The database of another thread or process, which watches over it. */
export class RemotePlace implements Place {
  // The owner asks before its writes.
  readonly guard: WriteGuard = { doubtful: () => false, question: '', judge: () => undefined }
  readonly version: string
  readonly location: string
  readonly identity: string | undefined

  readonly #settle: () => void

  /** @param settle Tells the owner that the schema has been set up. */
  constructor({ version, location, identity }: Welcome, settle: () => void) {
    this.#settle = settle
    this.version = version
    this.location = location
    this.identity = identity ?? undefined
  }

  async settle(): Promise<void> {
    this.#settle()
  }

  async enter(): Promise<void> {}
  async restoreHandle(): Promise<void> {}
  lockedInMemory(): void {}
  stop(): void {}
  closed(): void {}
  leftOpen(): void {}
}
