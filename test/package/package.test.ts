import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { parseAst } from 'rolldown/parseAst'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineNames, engines } from '../../scripts/engines.mjs'
import { runProcess } from '../../scripts/run-process.mjs'
import { runNpm } from '../../scripts/run-with-pnpm.mjs'
import { compiler, root, tools } from '../../scripts/workspace.mjs'
import { importsOf } from '../architecture/gates/source-text.js'
import { runtimes } from '../matrix.mjs'
import { proofCount } from '../proof/proof-count.js'
import { budgets } from './package-budgets.js'
import { link, type Manifest, type PackedFamily, type PackedPackage, packFamily, published } from './packed-family.js'

let family: PackedFamily

beforeAll(async () => {
  family = await packFamily()
  cpSync(fileURLToPath(new URL('consumer', import.meta.url)), family.project, { recursive: true })
}, 120_000)
afterAll(() => family?.[Symbol.asyncDispose]())

function packed(folder: string): PackedPackage {
  const found = family.packages.find((candidate) => candidate.folder === folder)
  if (!found) throw new Error(`${folder} was not packed`)
  return found
}

/** Returns the exported files of a package, and all files including those that the entries share. */
function targets(
  { exports }: Manifest,
  installed: string,
  kind: 'code' | 'types',
): { entries: string[]; all: string[] } {
  const paths = Object.values(exports).flatMap((target) => {
    if (typeof target === 'string') return []
    const { types, ...code } = target
    return kind === 'types' ? [types] : Object.values(code)
  })
  const entries = [...new Set(paths.map((path) => path.slice(2)))]
  const all = new Set(entries)
  for (const file of all) {
    for (const specifier of importsOf(readFileSync(join(installed, file), 'utf8'))) {
      if (!specifier.startsWith('.')) continue
      all.add(join(file, '..', kind === 'types' ? specifier.replace(/\.js$/, '.d.ts') : specifier))
    }
  }
  return { entries, all: [...all] }
}

// The file that all entries share. The core also has two for its threads, and one for what they import later.
const MOST_SHARED: Readonly<Record<string, number>> = { shared: 4 }

/** Returns the files of a package that load with one of its files, and their external imports; both without dynamic imports. */
function loadedWith(file: string, installed: string): { files: Set<string>; others: Set<string> } {
  const files = new Set([file])
  const others = new Set<string>()
  for (const one of files) {
    for (const [, specifier = ''] of readFileSync(join(installed, one), 'utf8').matchAll(
      /^(?:import|export)\b[^;]*?\s"([^"]+)";$/gm,
    )) {
      if (specifier.startsWith('.')) files.add(join(one, '..', specifier))
      else others.add(specifier)
    }
  }
  return { files, others }
}

const CONFORMANCE = 'persistence-conformance'

/** Returns the code of the conformance package: one file per source, because processes start some, without workspace files. */
function suitesOf(folder: string): { entries: string[]; all: string[] } {
  const sources = readdirSync(join(root, 'packages', folder, 'src'), { recursive: true, encoding: 'utf8' })
  const all = sources
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/^(remote\/|workspace\.ts|process\/index\.ts)/.test(path))
    .map((path) => `dist/${path.slice(0, -3)}.js`)
  return { entries: all, all }
}

describe.each(Object.keys(published))('the tarball of %s', (folder) => {
  test('contains code and types for each export, shared files, the declared extra files, and nothing else', () => {
    const { files, installed, manifest } = packed(folder)
    const code = folder === CONFORMANCE ? suitesOf(folder) : targets(manifest, installed, 'code')
    const types = targets(manifest, installed, 'types')
    const mostShared = MOST_SHARED[folder] ?? 1
    expect(code.all.length).toBeLessThanOrEqual(code.entries.length + mostShared)
    expect(types.all.length).toBeLessThanOrEqual(types.entries.length + 1)
    // A file that only re-exports has no source map.
    const mapped = code.all.filter((file) => readFileSync(join(installed, file), 'utf8').includes('sourceMappingURL='))
    const maps = mapped.map((file) => `${file}.map`)
    const commands = Object.values(manifest.bin ?? {}).map((path) => path.replace('./', ''))
    // For bundled dependencies; the change log exists from the first release on.
    const notices = files.filter((file) => ['THIRD-PARTY-LICENSES', 'CHANGELOG.md'].includes(file))
    const beside = ['LICENSE', 'README.md', 'package.json', ...commands, ...notices]
    expect([...files].sort()).toEqual([...types.all, ...code.all, ...maps, ...beside].sort())
  })

  test('has the licence of the repository and a README of its own', () => {
    const { installed, manifest } = packed(folder)
    expect(manifest.license).toBe('MIT')
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain(manifest.name)
  })

  test('contains its changelog as soon as it has one', () => {
    expect(packed(folder).manifest.files).toContain('CHANGELOG.md')
  })

  test('exports only files that are there, each with its types', () => {
    const { installed, manifest } = packed(folder)
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    expect(targets.length).toBeGreaterThan(1)
    for (const target of targets) expect(existsSync(join(installed, target)), target).toBe(true)
  })

  test('depends on published versions only', () => {
    const { dependencies = {}, peerDependencies = {} } = packed(folder).manifest
    for (const range of Object.values({ ...dependencies, ...peerDependencies })) {
      expect(range).toMatch(/^[\^]?\d+\.\d+\.\d+( \|\| \^\d+\.\d+\.\d+)*$/)
    }
  })

  test('has no finding of publint, not even a suggestion', async () => {
    const { messages } = await publint({ pkgDir: packed(folder).installed, strict: true, pack: false })
    expect(messages.map((message) => formatMessage(message, packed(folder).manifest as never))).toEqual([])
  })

  test('has types that are right for every way to import it, as an ES module', async () => {
    const tarball = createPackageFromTarballData(new Uint8Array(readFileSync(packed(folder).tarball)))
    const analysis = await checkPackage(tarball)
    if (!analysis.types) throw new Error('it has no types')
    expect(analysis.problems.filter(isProblem)).toEqual([])
  })

  test('is no larger than its budget', () => {
    const { files, installed } = packed(folder)
    const code = files.filter((file) => file.endsWith('.js')).map((file) => readFileSync(join(installed, file)))
    const bytes = gzipSync(Buffer.concat(code)).length
    const budget = budgets[folder as keyof typeof budgets]
    expect(bytes, 'raise the budget in package-budgets.ts if it is worth it').toBeLessThanOrEqual(budget)
    expect(bytes, 'lower the budget in package-budgets.ts, so that it stays one').toBeGreaterThan(budget * 0.75)
  })

  test('cannot be packed by npm, which would leave workspace: ranges in it', async () => {
    const read = (of: string) => JSON.parse(readFileSync(join(root, 'packages', of, 'package.json'), 'utf8'))
    const { prepack } = read(folder).scripts
    expect(prepack).toBe(read('shared').scripts.prepack)
    // npm takes a second to start and treats all packages alike, so one is enough.
    if (folder !== 'shared') return
    const { exitCode, output } = await runNpm(['pack', '--dry-run'], { cwd: join(root, 'packages', folder) })
    expect(exitCode, output).toBe(1)
    expect(output).toContain('pack and publish with pnpm')
  })

  test('would be published as it is: npm finds nothing to correct', async () => {
    // npm takes a second to start: a soak checks all packages, a test only the one with a command.
    if (folder !== 'cli' && proofCount({ inTests: 0, inSoak: 1 }) === 0) return
    const args = ['publish', packed(folder).tarball, '--dry-run', '--offline', '--access', 'public']
    const { exitCode, output } = await runNpm(args, { cwd: family.project })
    expect(exitCode, output).toBe(0)
    expect(output).toContain(`+ ${packed(folder).manifest.name}@`)
    const warnings = output.match(/^npm (warn|error) .*$/gim) ?? []
    expect(warnings.filter((line) => !line.includes('requires you to be logged in'))).toEqual([])
  })

  test('has the keywords that people search for', () => {
    expect(packed(folder).manifest.keywords).toEqual(expect.arrayContaining(searchedFor(folder)))
  })

  test.each(['.d.ts', '.js'])('imports nothing in its %s files that it does not depend on', (ending) => {
    const { files, installed, manifest } = packed(folder)
    // Its options take objects of OpenTelemetry's SDK, by the types of the API, which is its peer.
    const isOfPeer = ending === '.js' || folder === 'persistence-otel'
    const own = Object.keys({ ...manifest.dependencies, ...(isOfPeer ? manifest.peerDependencies : {}) })
    const read = files.filter((file) => file.endsWith(ending))
    expect(read.length).toBeGreaterThan(0)
    for (const file of read) {
      const text = readFileSync(join(installed, file), 'utf8')
      expect(text, file).not.toMatch(/\/\/\/\s*<reference/)
      // webpack replaces an import() of a variable, unless it is told to leave it, by one that finds nothing.
      if (folder !== CONFORMANCE && ending === '.js')
        expect(text, file).not.toMatch(/\bimport\((?!\s*("|\/\* webpackIgnore: true \*\/))/)
      for (const specifier of importsOf(text)) {
        const isOwn = own.some((name) => specifier === name || specifier.startsWith(`${name}/`))
        // Types must compile without those of any runtime. Code may import the builtins of all runtimes, and on Bun those of Bun.
        // By the name without `node:`, webpack bundles the thread of a front end.
        const builtin =
          folder === 'persistence-sqlite-bun' ? /^(node:|bun:|worker_threads$)/ : /^(node:|worker_threads$)/
        const isBuiltin = ending === '.js' && builtin.test(specifier)
        expect(specifier.startsWith('.') || isOwn || isBuiltin, `${file} imports ${specifier}`).toBe(true)
      }
    }
  })

  test('can be bundled into an app that lacks its optional peers: it imports them in a try', () => {
    const { files, installed, manifest } = packed(folder)
    const isThere = (specifier: string) =>
      /^(\.|node:)/.test(specifier) ||
      Object.keys(manifest.dependencies ?? {}).some((name) => specifier.startsWith(name))
    for (const file of files.filter((one) => one.endsWith('.js'))) {
      const code = readFileSync(join(installed, file), 'utf8')
      if (!/\bimport\(/.test(code)) continue
      const missing = importedWithoutTry(parseAst(code)).filter((specifier) => !isThere(specifier))
      expect(missing, file).toEqual([])
    }
  })
})

/** Returns what the code imports later outside of a `try`, by a literal: a bundler refuses an app that lacks it. */
function importedWithoutTry(node: unknown, inTry = false): string[] {
  if (typeof node !== 'object' || node === null) return []
  const { type = '', source } = node as { type?: string; source?: { value?: unknown } }
  const own = type === 'ImportExpression' && !inTry && typeof source?.value === 'string' ? [source.value] : []
  const nested = Object.entries(node).flatMap(([name, child]) => {
    const starts = type === 'TryStatement' && name === 'block'
    return importedWithoutTry(child, starts || (inTry && !type.includes('Function')))
  })
  return [...own, ...nested]
}

/**
 * Ignores what an ES module cannot fix: the old resolution, which ignores exports, and CommonJS without require() of ES modules.
 * (`node16-cjs` is the one of TypeScript before 5.8.)
 */
function isProblem(problem: Problem): boolean {
  return !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind))
}

/** Returns search terms for the purpose of the package. */
function searchedFor(folder: string): string[] {
  if (folder === 'keyv' || folder === 'unstorage') return [folder, 'cache', 'sqlite', 'postgres', 'ttl']
  if (folder === 'idempotency-key')
    return [folder, 'middleware', 'hono', 'fastify', 'express', 'koa', 'sqlite', 'postgres']
  if (folder === 'inspector') return ['dashboard', 'lock', 'hono', 'fastify', 'express', 'sqlite', 'postgres']
  if (folder === 'persistence-otel') return ['opentelemetry', 'prometheus', 'grafana', 'sqlite', 'postgres']
  if (folder === CONFORMANCE) return ['conformance', 'adapter', 'sqlite', 'lock', 'cache', 'idempotency']
  if (folder === 'cli') return [folder, 'sqlite', 'postgres', 'lock']
  return [folder === 'persistence-postgres' ? 'postgres' : 'sqlite', 'lock', 'cache', 'idempotency']
}

function allExports(): string[] {
  return family.packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports).map((path) => `${manifest.name}${path.slice(1)}`),
  )
}

/** The parts of vitest's report that the test reads. */
interface Report {
  readonly testResults: { readonly name: string; readonly assertionResults: { title: string; status: string }[] }[]
}

async function run(runtime: string, args: string[]): Promise<string> {
  const { path } = runtimes[runtime] ?? {}
  if (path === undefined) throw new Error(`no runtime ${runtime}`)
  const { exitCode, output } = await runProcess(path, args, { cwd: family.project, limit: 60_000 })
  expect(exitCode, output).toBe(0)
  return output
}

const cells = engineNames.flatMap((engine) => {
  const { runtimes, brief } = engines[engine]
  return [...runtimes, ...brief].map((runtime) => [engine, runtime] as const)
})

/** The output of processes, one per script and runtime; the tests of a runtime read their lines. */
const said = new Map<string, Promise<string>>()

function sayOnce(runtime: string, args: readonly string[]): Promise<string> {
  const key = [runtime, ...args].join(' ')
  const saying = said.get(key) ?? run(runtime, [...args])
  said.set(key, saying)
  return saying
}

function frontEndOf(engine: (typeof cells)[number][0]): string {
  return `@go-go-scope/${engines[engine].package}`
}

describe('installed from tarballs in an empty project', () => {
  test.each(cells)('%s on %s: open, set and get, lock, checkpoint', async (engine, runtime) => {
    const ofRuntime = cells.filter(([, other]) => other === runtime)
    const output = await sayOnce(runtime, ['round-trip.mjs', ...ofRuntime.flatMap(([one]) => [frontEndOf(one), one])])
    expect(output).toContain(`${frontEndOf(engine)} over ${engine}: round trip done`)
  })

  test.each([
    ['node20', '@photostructure/sqlite'],
    ['node22', 'node:sqlite'],
    ['node24', 'node:sqlite'],
    ['bun', 'bun:sqlite'],
  ])('the same program finds the engine of %s by itself: %s', async (runtime, engine) => {
    expect(await run(runtime, ['app.mjs'])).toContain(`opened by ${engine}, backed up and restored`)
  })

  test('the copy command runs, and shows its arguments', async () => {
    const output = await run('node20', ['node_modules/.bin/persistence-postgres', '--help'])
    expect(output).toContain('persistence-postgres copy <from> <to>')
  })

  test.each([...new Set(engineNames.map((name) => engines[name].package))])(
    'a thread of %s loads a tenth of the core at most, before it knows its job',
    (folder) => {
      const { others } = loadedWith('dist/thread.js', packed(folder).installed)
      const core = [...others].filter((specifier) => specifier.startsWith('@go-go-scope/'))
      expect(core).toEqual(['@go-go-scope/persistence-core/engine'])
      const { installed, manifest } = packed('shared')
      const bytes = (files: Iterable<string>) =>
        [...files].reduce((sum, file) => sum + readFileSync(join(installed, file)).length, 0)
      const { files } = loadedWith('dist/engine.js', installed)
      expect(bytes(files)).toBeLessThan(bytes(targets(manifest, installed, 'code').all) / 10)
    },
  )

  test.each([...new Set(engineNames.map((name) => engines[name].package))])(
    'the thread of %s is started in the form by which webpack and Rspack bundle it',
    (folder) => {
      const code = readFileSync(join(packed(folder).installed, 'dist/index.js'), 'utf8')
      expect(code).toContain('import { Worker } from "worker_threads"')
      expect(code).toContain('new Worker(new URL("./thread.js", import.meta.url), options)')
    },
  )

  test('an app that is bundled into one file makes backups with a bundled thread', async () => {
    const folder = mkdtempSync(join(family.project, 'bundled-'))
    const args = [tools.rolldown, 'bundled-app.mjs', 'bundled-thread.mjs', '--dir', folder, '--platform', 'node']
    const { exitCode, output } = await runProcess(process.execPath, args, { cwd: family.project, limit: 60_000 })
    expect(exitCode, output).toBe(0)
    // A folder without the packages.
    const place = mkdtempSync(join(tmpdir(), 'bundled-'))
    try {
      cpSync(folder, place, { recursive: true })
      writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
      const said = await run('node24', [join(place, 'bundled-app.js'), place])
      expect(said).toContain('bundled: backup done')
      expect(said).toContain('without worker: ENGINE_MISSING')
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  test.each(Object.keys(runtimes))('every export of every package can be imported on %s', async (runtime) => {
    const specifiers = allExports()
    const output = await sayOnce(runtime, ['load-all.cjs', ...specifiers])
    for (const specifier of specifiers) expect(output).toMatch(new RegExp(`^${specifier}: \\d+ imported`, 'm'))
  })

  // Node 20 supports require() of an ES module from 20.19 on.
  const [oldest, ...others] = ['node20.17', ...Object.keys(runtimes).filter((name) => name !== 'node20.17')]
  test.each(others)('every export can be had by require() too, and is the same, on %s', async (runtime) => {
    const specifiers = allExports()
    const output = await sayOnce(runtime, ['load-all.cjs', ...specifiers])
    for (const specifier of specifiers) expect(output).toMatch(new RegExp(`^${specifier}: .*, the same$`, 'm'))
    expect(output).not.toMatch(/warning/i)
  })

  test(`require() is refused on ${oldest}, and import() serves CommonJS there`, async () => {
    const output = await sayOnce(oldest as string, ['load-all.cjs', ...allExports()])
    const specifiers = allExports().filter((specifier) => !specifier.endsWith('.json'))
    for (const specifier of specifiers)
      expect(output).toMatch(new RegExp(`^${specifier}: \\d+ imported, ERR_REQUIRE_ESM$`, 'm'))
  })

  test("the conformance package tests an adapter of one's own with vitest, as its README says, and finds what is wrong with it", async () => {
    const readme = readFileSync(join(packed(CONFORMANCE).installed, 'README.md'), 'utf8')
    const [, code = ''] = /^```ts no-run\n([\s\S]*?)^```/m.exec(readme) ?? []
    const endless = code.replace('end: this.#now() + ttl', 'end: Infinity')
    expect(endless).not.toBe(code)
    writeFileSync(join(family.project, 'right.test.ts'), code)
    writeFileSync(join(family.project, 'wrong.test.ts'), endless)
    // Without the environment that the workspace's own run sets.
    const args = [tools.vitest, 'run', '--root', '.', '--reporter=json', '--outputFile=report.json']
    const { exitCode, output } = await runProcess(process.execPath, args, { cwd: family.project, limit: 60_000 })
    expect(exitCode, output).toBe(1)
    const report = JSON.parse(readFileSync(join(family.project, 'report.json'), 'utf8')) as Report
    const [right, wrong] = report.testResults.toSorted((one, other) => (one.name < other.name ? -1 : 1))
    expect(right?.assertionResults.length).toBeGreaterThan(10)
    expect(right?.assertionResults.filter(({ status }) => status !== 'passed')).toEqual([])
    const failed = wrong?.assertionResults.filter(({ status }) => status === 'failed').map(({ title }) => title)
    expect(failed).toContain('an entry lives for its whole ttl and no longer')
  })

  test.each([
    ['node.ts and common-js.cts', 'node', ['node.ts', 'common-js.cts']],
    ['bun.ts', 'bun', ['bun.ts']],
  ])('a TypeScript project compiles: %s', async (_name, types, files) => {
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2022', 'ESNext.Disposable'],
      module: 'NodeNext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: [types],
      // The types of engines may have errors of their own; our published types are checked below.
      skipLibCheck: true,
    }
    writeFileSync(join(family.project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    const { exitCode, output } = await runProcess(process.execPath, [...compiler, '-p', '.'], { cwd: family.project })
    expect(exitCode, output).toBe(0)
  })

  test('the declarations of an app name what it infers by its own packages, where it cannot see theirs, as with pnpm', async () => {
    const place = mkdtempSync(join(tmpdir(), 'declared-'))
    try {
      const modules = join(place, 'node_modules')
      const stored = (name: string) => join(modules, '.pnpm', name.replace('/', '+'), 'node_modules', name)
      const core = '@go-go-scope/persistence-core'
      const frontEnd = '@go-go-scope/persistence-sqlite-node'
      const anyRuntime = '@go-go-scope/persistence'
      for (const name of [core, frontEnd, anyRuntime, '@types/node'])
        cpSync(join(family.project, 'node_modules', name), stored(name), { recursive: true, dereference: true })
      const links: [string, string][] = [
        [core, join(stored(frontEnd), '../persistence-core')],
        [core, join(stored(anyRuntime), '../persistence-core')],
        [frontEnd, join(stored(anyRuntime), '../persistence-sqlite-node')],
        ['@types/node', join(modules, '@types/node')],
        [frontEnd, join(place, 'one-engine/node_modules', frontEnd)],
        [anyRuntime, join(place, 'any-runtime/node_modules', anyRuntime)],
      ]
      for (const [name, path] of links) link(stored(name), path)
      writeFileSync(join(place, 'package.json'), '{ "type": "module" }')
      const app = readFileSync(join(family.project, 'inferred.ts'), 'utf8')
      writeFileSync(join(place, 'one-engine/app.ts'), app)
      writeFileSync(join(place, 'any-runtime/app.ts'), app.replaceAll(frontEnd, anyRuntime))
      const files = ['one-engine/app.ts', 'any-runtime/app.ts']
      const compilerOptions = {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        declaration: true,
        emitDeclarationOnly: true,
        types: ['node'],
        skipLibCheck: true,
      }
      writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
      // TypeScript 7 writes a name that the app cannot resolve, where this one refuses.
      const tsc = join(root, 'test/node_modules/typescript5/bin/tsc')
      const { exitCode, output } = await runProcess(process.execPath, [tsc, '-p', '.'], { cwd: place })
      expect(exitCode, output).toBe(0)
      for (const file of files)
        expect(readFileSync(join(place, file.replace('.ts', '.d.ts')), 'utf8')).not.toMatch(/persistence-core|#private/)
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  test('our type files are correct by themselves, with the types of a browser and of no runtime', async () => {
    const compilerOptions = { target: 'ES2022', module: 'NodeNext', strict: true, noEmit: true, types: [] }
    const lib = ['ES2022', 'ESNext.Disposable', 'DOM']
    const files = [...family.packages.map(({ installed }) => join(installed, 'dist/index.d.ts')), 'dialect.ts']
    writeFileSync(
      join(family.project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, files }),
    )
    const { exitCode, output } = await runProcess(process.execPath, [...compiler, '-p', '.'], { cwd: family.project })
    expect(exitCode, output).toBe(0)
  })
})
