import type { EngineUnderTest } from '../engine-under-test.js'

/** Returns the engine of the module in the first argument. */
export async function engineArgument(): Promise<EngineUnderTest> {
  const [, , module] = process.argv
  if (module === undefined) throw new Error('the first argument must be the URL of a module that exports an engine')
  const { engine } = (await import(module)) as { engine: EngineUnderTest }
  return engine
}
