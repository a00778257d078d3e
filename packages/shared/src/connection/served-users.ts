/** A thread or process that uses the database through an adapter of this process. */
export interface ServedUser {
  /** Its requests that have arrived and are not answered. */
  calls: number
  /** Its locks in memory. Some may have expired. */
  locks: number
  /**
   * ms from the arrival of a message until the last of its requests was passed to the database, as measured last. Messages that
   * arrive meanwhile are not measured.
   */
  lag: number
}

/** The threads and processes that use this connection through servers on it. */
export class ServedUsers {
  readonly #servers = new Set<() => readonly ServedUser[]>()

  /** `undefined` while no server is running. */
  get list(): ServedUser[] | undefined {
    return this.#servers.size === 0 ? undefined : [...this.#servers].flatMap((users) => users())
  }

  /** @param users The users of one server. @returns a function that removes them. */
  add(users: () => readonly ServedUser[]): () => void {
    this.#servers.add(users)
    return () => void this.#servers.delete(users)
  }
}
