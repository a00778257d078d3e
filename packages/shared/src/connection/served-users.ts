/** A thread or process that uses the database through an adapter of this process. */
export interface ServedUser {
  /** Requests of it that have arrived and are not answered. */
  calls: number
  /** Locks in memory that it holds, some of which may have expired. */
  locks: number
  /** ms from the arrival of its last message until the last request in it was handed to the database. */
  lag: number
}

/** The threads and processes that use this connection through servers on it. */
export class ServedUsers {
  readonly #servers = new Set<() => readonly ServedUser[]>()

  /** `undefined` while nobody serves. */
  get list(): ServedUser[] | undefined {
    return this.#servers.size === 0 ? undefined : [...this.#servers].flatMap((users) => users())
  }

  /** @param users Of one server. @returns ends that. */
  add(users: () => readonly ServedUser[]): () => void {
    this.#servers.add(users)
    return () => void this.#servers.delete(users)
  }
}
