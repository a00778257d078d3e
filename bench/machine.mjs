import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enginePackages } from '../scripts/engines.mjs'
import { cells } from './plan.mjs'
import { runtimes } from './runtimes.mjs'

const bench = fileURLToPath(new URL('.', import.meta.url))

/** Describes the machine, without anything that identifies its owner. */
export function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
  }
}

/** Returns the versions of the runtimes, of every engine's SQLite and of the compared packages. */
export function describeVersions() {
  const sqlite = {}
  for (const { name, engine, runtime } of cells) {
    const code = `const { engine } = await import('./engines/${engine}.mjs'); console.log(await engine.version())`
    sqlite[name] = run(runtime, ['--input-type=module', '-e', code], ['-e', code])
  }
  return {
    runtimes: Object.fromEntries(
      Object.keys(runtimes).map((name) => [name, run(name, ['--version']).replace(/^v/, '')]),
    ),
    sqlite,
    packages: {
      ...dependencies('package.json', enginePackages),
      ...dependencies('peers/package.json'),
    },
  }
}

function run(runtime, args, bunArgs = args) {
  return execFileSync(runtimes[runtime], runtime === 'bun' ? bunArgs : args, { cwd: bench, encoding: 'utf8' }).trim()
}

function dependencies(file, only) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(bench, file), 'utf8'))
  const all = Object.entries({ ...dependencies, ...devDependencies })
  return Object.fromEntries(all.filter(([name]) => only === undefined || only.includes(name)))
}
