import type { Place } from '../../connection/place.js'
import type { WriteGuard } from '../../queue/queue-context.js'
import type { Welcome } from '../wire/protocol.js'

/** The place of a database that another thread or process owns and guards. */
export class RemotePlace implements Place {
  // The owner's own guard checks its writes.
  readonly guard: WriteGuard = { needsCheck: () => false, checkSql: '', check: () => undefined }
  readonly version: string
  readonly location: string
  readonly identity: string | undefined

  readonly #notify: () => void

  /** @param notify Notifies the owner that the schema was set up. */
  constructor({ version, location, identity }: Welcome, notify: () => void) {
    this.#notify = notify
    this.version = version
    this.location = location
    this.identity = identity ?? undefined
  }

  async schemaReady(): Promise<void> {
    this.#notify()
  }

  async enter(): Promise<void> {}
  async restoreHandle(): Promise<void> {}
  lockedInMemory(): void {}
  stop(): void {}
  closed(): void {}
  leftOpen(): void {}
}
