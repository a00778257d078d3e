import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runProcess } from '../../scripts/run-process.mjs'
import { root, tools } from '../../scripts/workspace.mjs'
import { runtimes } from '../matrix.mjs'

let project: string
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'engines-missing-'))
})
afterEach(() => rmSync(project, { recursive: true, force: true }))

/** Installs a front end as a package manager does, without any engine. */
function installFrontEnd(folder: string): void {
  const scope = join(project, 'node_modules/@go-go-scope')
  for (const part of ['dist', 'package.json']) {
    cpSync(join(root, 'packages', folder, part), join(scope, folder, part), { recursive: true })
  }
  symlinkSync(join(root, 'packages/shared'), join(scope, 'persistence-core'))
}

/** Installs an engine as if its install script was blocked: without `native`, the folders that the script makes. */
function installUnbuilt(name: string, native: readonly string[]): void {
  const installed = realpathSync(join(root, 'test/node_modules', name))
  const copy = join(project, 'node_modules', name)
  const isNative = (path: string) => native.some((folder) => `${path}${sep}`.startsWith(join(installed, folder) + sep))
  cpSync(installed, copy, { recursive: true, filter: (path) => !isNative(path) })
  const require = createRequire(join(installed, 'package.json'))
  for (const dependency of ['bindings', 'node-gyp-build']) {
    const neighbours = join(installed, name.includes('/') ? '../..' : '..')
    if (!readdirSync(neighbours).includes(dependency)) continue
    symlinkSync(dirname(require.resolve(`${dependency}/package.json`)), join(project, 'node_modules', dependency))
  }
}

/** Returns the code and message of the error of a front end's `open`. */
async function refusal(folder: string, runtime: string, before = ''): Promise<string> {
  const script = `${before};
    import('@go-go-scope/${folder}')
      .then(({ SQLiteAdapter }) => SQLiteAdapter.open('app.db'))
      .catch(({ code, message }) => console.log(code, message))`
  const { path = '' } = runtimes[runtime] ?? {}
  const { exitCode, output } = await runProcess(path, ['-e', script], { cwd: project, limit: 30_000 })
  expect(exitCode, output).toBe(0)
  expect(readdirSync(project), 'no file was made').toEqual(['node_modules'])
  return output
}

describe('an engine that cannot be loaded', () => {
  test.each(['node20', 'node24', 'bun'])('sqlite3 that is not installed is to be installed, on %s', async (runtime) => {
    installFrontEnd('persistence-sqlite')
    const said = await refusal('persistence-sqlite', runtime)
    expect(said).toMatch(/^ENGINE_MISSING .*the package sqlite3 is not installed; run npm install sqlite3\n$/)
  })

  test.each(['node20', 'node24', 'bun'])(
    'sqlite3 that was not built needs its install script, on %s',
    async (runtime) => {
      installFrontEnd('persistence-sqlite')
      installUnbuilt('sqlite3', ['build'])
      const said = await refusal('persistence-sqlite', runtime)
      expect(said).toMatch(
        /^ENGINE_MISSING .*sqlite3 is installed .*not built; .*npm rebuild sqlite3 \(Could not locate/,
      )
      expect(said).not.toContain('npm install sqlite3')
    },
  )

  test('@photostructure/sqlite that is not installed is to be installed where there is no node:sqlite', async () => {
    installFrontEnd('persistence-sqlite-node')
    const said = await refusal('persistence-sqlite-node', 'node20')
    expect(said).toMatch(/^ENGINE_MISSING .*no node:sqlite .*22\.13.*run npm install @photostructure\/sqlite\n$/)
  })

  test('@photostructure/sqlite without its native part needs its install script', async () => {
    installFrontEnd('persistence-sqlite-node')
    installUnbuilt('@photostructure/sqlite', ['prebuilds', 'build'])
    const said = await refusal('persistence-sqlite-node', 'node20')
    expect(said).toMatch(
      /^ENGINE_MISSING .*@photostructure\/sqlite is installed .*npm rebuild @photostructure\/sqlite \(/,
    )
  })

  test('bun:sqlite on Node names the packages for Node', async () => {
    installFrontEnd('persistence-sqlite-bun')
    expect(await refusal('persistence-sqlite-bun', 'node20')).toMatch(/^ENGINE_MISSING .*persistence-sqlite-node\n$/)
  })
})

// Such code has no import(): a single executable and Jest refuse it, and webpack replaces one of a variable. Nor has a single
// executable a file for a thread: its thread starts from text.
test('the engine of the runtime is found by code that cannot import it, also in a thread that starts from text', async () => {
  installFrontEnd('persistence-sqlite-node')
  const app = `import { readFileSync } from 'node:fs'
    import { Worker } from 'node:worker_threads'
    import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
    const worker = (options) => new Worker(readFileSync('bundle/thread.js', 'utf8'), { ...options, eval: true })
    async function main() {
      const adapter = await SQLiteAdapter.open(':memory:')
      console.log((await adapter.stats()).engine, 'opened')
      const threaded = await SQLiteAdapter.open('app.db', { worker })
      await threaded.cache.set('k', 1)
      console.log((await threaded.backup('copy.db', { worker })).path)
      await threaded.disconnect()
    }
    main().catch(({ message }) => console.log(message))`
  writeFileSync(join(project, 'app.mjs'), app)
  writeFileSync(join(project, 'thread.mjs'), "import '@go-go-scope/persistence-sqlite-node/thread'")
  for (const file of ['app.mjs', 'thread.mjs']) {
    const format = ['--format', 'cjs', '--platform', 'node', '--no-codeSplitting']
    const args = [tools.rolldown, file, '--dir', 'bundle', ...format]
    const bundled = await runProcess(process.execPath, args, { cwd: project, limit: 60_000 })
    expect(bundled.exitCode, bundled.output).toBe(0)
  }
  const script = `const { readFileSync } = require('node:fs')
    const code = readFileSync('bundle/app.js', 'utf8')
    require('node:vm').runInThisContext('(function (require, exports, __filename) {' + code + '})')(require, {}, 'app.js')`
  const { path = '' } = runtimes.node24 ?? {}
  const { exitCode, output } = await runProcess(path, ['-e', script], { cwd: project, limit: 30_000 })
  expect(exitCode, output).toBe(0)
  expect(output).toContain('node:sqlite opened')
  expect(output).toContain('copy.db\n')
})

test('a runtime that lacks what every call uses is refused by its version', async () => {
  installFrontEnd('persistence-sqlite-bun')
  const said = await refusal('persistence-sqlite-bun', 'node20', 'delete String.prototype.isWellFormed')
  expect(said).toMatch(
    /^ENGINE_UNSUPPORTED constructor: Node 20\.20\.2 is too old; use Node 20\.17 or later, or Bun\n$/,
  )
})
