/**
 * Every engine there is, by the name that people call it, for tests, bench, examples and documents. What can be derived
 * from this list is; a gate of test/architecture names each other list that lacks one.
 *
 * `package`: the folder of its front end under packages/. `module`: the file, without `.mjs`, that hands it to the tests in
 * test/cells/engines and to the bench in bench/engines. `npm`: the package that it is installed as; absent where the runtime
 * brings it. `synchronous`: whether it answers within the call. `runtimes`: those on which it must hold every promise, of
 * which the first stands for all where one is enough. `brief`: those on which it is tested briefly, which is the ports, and
 * what depends on how the engine is called.
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
    brief: ['node20.17'],
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
    brief: ['node22.13', 'node22', 'node24.0'],
  },
  '@photostructure/sqlite': {
    package: 'persistence-sqlite-node',
    module: 'photostructure-sqlite',
    npm: '@photostructure/sqlite',
    synchronous: true,
    runtimes: ['node20', 'node24'],
    brief: ['node20.17'],
  },
}

/** @type {Record<EngineName, RegisteredEngine>} */
export const engines = registered

export const engineNames = /** @type {EngineName[]} */ (Object.keys(engines))

/**
 * The runtime on which an engine tries the most: on Node 24 a statement takes less than on Node 20.
 *
 * @param {EngineName} engine
 */
export function fullestRuntimeOf(engine) {
  const { runtimes } = engines[engine]
  return runtimes.find((runtime) => runtime === 'node24') ?? runtimes[0]
}

/** The npm packages of the engines that have one. */
export const enginePackages = engineNames.flatMap((engine) => engines[engine].npm ?? [])
