import { randomUUID } from 'node:crypto'
import type { Place } from '../../../connection/place.js'
import type { WriteGuard } from '../../../queue/queue-context.js'

/** Where the handle of a standby leads: to another thread, which has the file and watches over it. */
export class ThreadPlace implements Place {
  readonly guard: WriteGuard = { doubtful: () => false, question: 'SELECT 1', judge: () => undefined }
  readonly version = ''
  readonly location = ''
  /** No other handle leads there. A connection without one would take it for a database of its own and write to it. */
  readonly identity: string = randomUUID()

  async enter(): Promise<void> {}
  async settle(): Promise<void> {}
  lockedInMemory(): void {}
  stop(): void {}
  async restoreHandle(): Promise<void> {}
  closed(): void {}
  leftOpen(): void {}
}
