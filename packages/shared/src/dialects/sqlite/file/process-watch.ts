import type { FileOwner } from './file-watch.js'
import { type ProcessView, processView } from './process-view.js'
import { SharedLock } from './shared-lock.js'

// Descriptors are checked one by one while others are opened and closed, so a single check may miss a lock.
const READINGS_WITHOUT_LOCK = 2

const SECOND_LIBRARY =
  'another copy of the SQLite library has the file open in this process. When one of the two closes it, the locks of the ' +
  'other are dropped and acknowledged writes can be lost; use one engine per file in a process, or another process'

const LOCKS_DROPPED =
  'code of this process opened and closed the file past the engine (another SQLite library, or a copy of the file), which ' +
  'dropped the locks of its connections: another process may delete the log in use. Disconnect every adapter on the file ' +
  'and open it again; copy it by backup()'

/** Checks which other code in this process has the file of a connection in WAL mode. Linux only. */
export class ProcessWatch {
  readonly #path: string
  readonly #owner: Pick<FileOwner, 'unsafe'>
  readonly #lock = new SharedLock()
  readonly #reported = new Set<string>()
  #wasLocked = false
  #unlocked = 0

  constructor(path: string, owner: Pick<FileOwner, 'unsafe'>) {
    this.#path = path
    this.#owner = owner
  }

  /** Call it with the view of when the connection had read the file, so that a lock lost before the first check is noticed. */
  attached(view: ProcessView | undefined): void {
    this.#wasLocked ||= view?.locked === true
  }

  /** Never rejects. */
  async check(): Promise<void> {
    // Nothing more can be reported, and a search for a missing lock reads every descriptor of the process.
    if (this.#reported.has(LOCKS_DROPPED)) return
    const view = await processView(this.#path, this.#lock)
    if (view === undefined) return
    if (view.libraries > 1) this.#report(SECOND_LIBRARY)
    this.#unlocked = view.locked ? 0 : this.#unlocked + 1
    this.#wasLocked ||= view.locked
    if (this.#wasLocked && this.#unlocked >= READINGS_WITHOUT_LOCK) this.#report(LOCKS_DROPPED)
  }

  #report(problem: string): void {
    if (this.#reported.has(problem)) return
    this.#reported.add(problem)
    this.#owner.unsafe(problem)
  }
}
