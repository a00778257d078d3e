/** The two functions of a test runner that the suites use, so that they run on any runner. */
export interface Runner {
  describe(name: string, body: () => void): void
  /** @param timeoutMs How long `body` may take, in ms. */
  test(name: string, body: () => Promise<void>, timeoutMs?: number): void
}
