/** The two functions the suites need of a test runner, so that they run on any. */
export interface Runner {
  describe(name: string, body: () => void): void
  /** @param timeoutMs How long `body` may take, in ms. */
  test(name: string, body: () => Promise<void>, timeoutMs?: number): void
}
