import { conformance, type EngineUnderTest } from '@go-go-scope/persistence-conformance'

/** The bodies of the conformance suite's tests on `engine`, by `suite > test`, for the caller to run or not. */
export function collectedTests(engine: EngineUnderTest): Map<string, () => Promise<void>> {
  const bodies = new Map<string, () => Promise<void>>()
  const path: string[] = []
  const runner = {
    describe(name: string, body: () => void) {
      path.push(name)
      body()
      path.pop()
    },
    test(name: string, body: () => Promise<void>) {
      bodies.set([...path, name].join(' > '), body)
    },
  }
  conformance(runner, engine)
  return bodies
}
