import {
  conformance,
  type DependsOn,
  type EngineUnderTest,
  ownerConformance,
} from '@go-go-scope/persistence-conformance'

/**
 * Returns the tests of the conformance suite on `engine`, by `suite > test`, for the caller to run.
 *
 * @param which selects the tests of owners that depend on it; without it, the whole suite is returned
 */
export function collectedTests(engine: EngineUnderTest, which?: DependsOn): Map<string, () => Promise<void>> {
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
  if (which === undefined) conformance(runner, engine)
  else ownerConformance(runner, engine, which)
  return bodies
}
