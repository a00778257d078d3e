/**
 * Every engine by its common name, for tests, bench, examples and documents. Other lists are derived from this one where
 * possible; a gate of test/architecture names each other list that lacks an engine.
 *
 * `package`: the folder of its front end under packages/. `module`: the file name, without `.mjs`, in test/cells/engines and in
 * bench/engines. `npm`: the package that provides it; absent when the runtime provides it. `synchronous`: whether it answers
 * within the call. `runtimes`: those on which it must keep every promise; the first one is used where one is enough. `brief`:
 * those on which only the ports are tested, and what depends on how the engine is called.
 *
 * @typedef {{ package: string, module: string, npm?: string, synchronous: boolean, runtimes: string[], brief: string[] }} RegisteredEngine
 * @typedef {keyof typeof registered} EngineName
 */

const registered = {
  sqlite3: {
    package: 'persistence-sqlite',
    module: 'sqlite3',
    npm: 'sqlite3',
    synchronous: false,
    runtimes: ['node20', 'node24', 'bun'],
    brief: ['node20.17', 'node26'],
  },
  'bun:sqlite': {
    package: 'persistence-sqlite-bun',
    module: 'bun-sqlite',
    synchronous: true,
    runtimes: ['bun'],
    brief: [],
  },
  'node:sqlite': {
    package: 'persistence-sqlite-node',
    module: 'node-sqlite',
    synchronous: true,
    runtimes: ['node24', 'bun'],
    brief: ['node22.13', 'node22', 'node24.0', 'node26'],
  },
  '@photostructure/sqlite': {
    package: 'persistence-sqlite-node',
    module: 'photostructure-sqlite',
    npm: '@photostructure/sqlite',
    synchronous: true,
    runtimes: ['node20', 'node24'],
    brief: ['node20.17', 'node26'],
  },
}

/** @type {Record<EngineName, RegisteredEngine>} */
export const engines = registered

export const engineNames = /** @type {EngineName[]} */ (Object.keys(engines))

/**
 * Returns the runtime on which an engine tries the most examples: Node 24 if possible, where a statement takes less time.
 *
 * @param {EngineName} engine
 */
export function fullestRuntimeOf(engine) {
  const { runtimes } = engines[engine]
  return runtimes.find((runtime) => runtime === 'node24') ?? runtimes[0]
}

/** The npm packages of the engines. */
export const enginePackages = engineNames.flatMap((engine) => engines[engine].npm ?? [])
