import {
  conformance,
  type DependsOn,
  type EngineUnderTest,
  ownerConformance,
} from '@go-go-scope/persistence-conformance'

/**
 * The bodies of the conformance suite's tests on `engine`, by `suite > test`, for the caller to run or not.
 *
 * @param which Of those of owners the ones that depend on it; without it all of the suite.
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
