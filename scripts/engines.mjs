/**
 * Every engine there is, by the name that people call it, for tests, bench, examples and documents. A gate of
 * test/architecture names each list that lacks one.
 *
 * `package`: the folder of its front end under packages/. `module`: the file, without `.mjs`, that hands it to the tests in
 * test/cells/engines and to the bench in bench/engines. `runtimes`: those on which it must hold every promise. `brief`: those
 * on which it is tested briefly, which is the ports, and what depends on how the engine is called.
 *
 * @typedef {'sqlite3' | 'bun:sqlite' | 'node:sqlite' | '@photostructure/sqlite'} EngineName
 * @typedef {{ package: string, module: string, runtimes: string[], brief: string[] }} RegisteredEngine
 * @type {Record<EngineName, RegisteredEngine>}
 */
export const engines = {
  sqlite3: {
    package: 'persistence-sqlite',
    module: 'sqlite3',
    runtimes: ['node20', 'node24', 'bun'],
    brief: ['node20.17'],
  },
  'bun:sqlite': { package: 'persistence-sqlite-bun', module: 'bun-sqlite', runtimes: ['bun'], brief: [] },
  'node:sqlite': {
    package: 'persistence-sqlite-node',
    module: 'node-sqlite',
    runtimes: ['node24', 'bun'],
    brief: ['node22.13', 'node22', 'node24.0'],
  },
  '@photostructure/sqlite': {
    package: 'persistence-sqlite-node',
    module: 'photostructure-sqlite',
    runtimes: ['node20', 'node24'],
    brief: ['node20.17'],
  },
}

export const engineNames = /** @type {EngineName[]} */ (Object.keys(engines))
