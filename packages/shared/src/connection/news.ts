/** What a database tells of changes that other connections have committed. */
export interface News {
  /** Whether changes are told. Where they are not, or not yet, who waits for one looks at intervals. */
  readonly heard: boolean

  /**
   * Has `told` called after each change that is told of the key, and where one may have been missed.
   *
   * @param key As it is stored.
   * @returns ends that; harmless when repeated.
   */
  follow(about: NewsAbout, key: string, told: () => void): () => void

  /** Settles soon after the first {@link follow}, when it is known whether news are {@link heard}. Never rejects. */
  begun(): Promise<void>
}

/** `circuit`: its state is another. `claim`: it was ended. */
export type NewsAbout = 'circuit' | 'claim'

/** ms between two looks where news are heard: one may be lost. */
export const LOOK_BESIDE_NEWS_MS = 1_000
