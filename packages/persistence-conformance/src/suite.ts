import type { PersistenceProviders } from '@go-go-scope/persistence-core/ports'
import type { EngineUnderTest } from './engine-under-test.js'
import type { PortName } from './port-names.js'
import type { Runner } from './runner.js'
import { createWorld, type World } from './world.js'

const DEFAULT_TIMEOUT_MS = 60_000

type Check<T> = (name: string, body: (subject: T) => Promise<void>, timeoutMs?: number) => void

/** What a test depends on: the runtime, the build of SQLite, which several runtimes share, or only our own code. */
export type DependsOn = 'runtime' | 'build' | 'core'

/**
 * Declares tests that depend on the runtime. `oncePerBuild` is for tests that depend on the build of SQLite, `once` for tests
 * of our own code, for which one engine represents all; `inFile` for promises that only a file makes, or that can only be
 * checked in a file; `betweenConnections` for tests with two connections, one of which waits for the other.
 */
interface EngineCheck extends Check<World> {
  readonly oncePerBuild: Check<World>
  readonly once: Check<World>
  readonly inFile: Check<World>
  readonly betweenConnections: Check<World>
}

/**
 * A promise about an engine. Calling it declares its tests, each with its own world. With `which`, only the tests that depend on
 * that.
 */
export type EngineSuite = (runner: Runner, engine: EngineUnderTest, which?: DependsOn) => void

export function engineSuite(name: string, register: (check: EngineCheck) => void): EngineSuite {
  return (runner, engine, which) =>
    declare<World>(
      runner,
      name,
      () => createWorld(engine),
      (declared) => {
        const { places } = engine
        const undeclared: Check<World> = () => undefined
        const those = (dependsOn: DependsOn): Check<World> =>
          which === undefined || which === dependsOn ? (...test) => declared(...test) : undeclared
        const check = those('runtime')
        const inFile = places === undefined ? check : undeclared
        const betweenConnections = places?.several === false ? undeclared : check
        register(
          Object.assign(check, { oncePerBuild: those('build'), once: those('core'), inFile, betweenConnections }),
        )
      },
    )
}

/** The part of a clock that port tests need. */
export interface PortClock {
  now(): number
  /** Lets `ms` pass. */
  advance(ms: number): void
}

/** Providers under test, with their clock. */
export interface PortWorld {
  readonly providers: PersistenceProviders
  readonly clock: PortClock
  dispose(): Promise<void>
}

export type PortSubject<P extends PortName> = {
  readonly port: NonNullable<PersistenceProviders[P]>
  readonly clock: PortClock
}

/** A promise about one port, for every implementation. */
export interface PortSuite {
  readonly port: PortName
  declare(runner: Runner, create: () => Promise<PortWorld>): void
}

export function portSuite<P extends PortName>(
  port: P,
  name: string,
  register: (check: Check<PortSubject<P>>) => void,
): PortSuite {
  const subject = async (create: () => Promise<PortWorld>) => {
    const world = await create()
    const provider = world.providers[port]
    if (provider === undefined) throw new Error(`there is no ${port} among the providers to test`)
    return { port: provider, clock: world.clock, dispose: () => world.dispose() }
  }
  return { port, declare: (runner, create) => declare(runner, name, () => subject(create), register) }
}

function declare<T extends { dispose(): Promise<void> }>(
  runner: Runner,
  name: string,
  create: () => Promise<T>,
  register: (check: Check<T>) => void,
): void {
  const tests: Parameters<Runner['test']>[] = []
  register((title, body, timeoutMs = DEFAULT_TIMEOUT_MS) => {
    const run = async () => {
      const subject = await create()
      try {
        await body(subject)
      } catch (failure) {
        // An error of the clean-up would hide why the test failed.
        await subject.dispose().catch(() => undefined)
        throw failure
      }
      await subject.dispose()
    }
    tests.push([title, run, timeoutMs])
  })
  // Runners refuse a group without a test.
  if (tests.length === 0) return
  runner.describe(name, () => {
    for (const test of tests) runner.test(...test)
  })
}
