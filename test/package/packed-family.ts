import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { enginePackages } from '../../scripts/engines.mjs'
import { runNpm, runWithPnpm } from '../../scripts/run-with-pnpm.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The published packages: folder → name. */
export const published = {
  shared: '@go-go-scope/persistence-core',
  'persistence-sqlite': '@go-go-scope/persistence-sqlite',
  'persistence-sqlite-bun': '@go-go-scope/persistence-sqlite-bun',
  'persistence-sqlite-node': '@go-go-scope/persistence-sqlite-node',
  'persistence-postgres': '@go-go-scope/persistence-postgres',
  persistence: '@go-go-scope/persistence',
  keyv: '@go-go-scope/keyv',
  unstorage: '@go-go-scope/unstorage',
  'persistence-otel': '@go-go-scope/persistence-otel',
  'idempotency-key': '@go-go-scope/idempotency-key',
  inspector: '@go-go-scope/persistence-inspector',
  cli: '@go-go-scope/cli',
  'persistence-conformance': '@go-go-scope/persistence-conformance',
} as const

export interface Manifest {
  name: string
  license: string
  keywords?: string[]
  files: string[]
  bin?: Record<string, string>
  exports: Record<string, string | { types: string; bun?: string; default: string }>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** A package as npm users get it. */
export interface PackedPackage {
  readonly folder: string
  readonly tarball: string
  /** Paths in the tarball, without the leading `package/`. */
  readonly files: readonly string[]
  readonly manifest: Manifest
  /** Its folder in the empty project. */
  readonly installed: string
}

/** The tarballs of all published packages, installed by npm in an empty project. */
export interface PackedFamily extends AsyncDisposable {
  readonly project: string
  readonly packages: readonly PackedPackage[]
}

/**
 * Packs and installs without the network: third-party dependencies are packed from the workspace's installed ones, and npm
 * installs offline. Engines are linked from the workspace instead of compiled. They are peers, which npm leaves to the
 * application; --legacy-peer-deps keeps npm from fetching them.
 */
export async function packFamily(): Promise<PackedFamily> {
  const work = mkdtempSync(join(tmpdir(), 'persistence package '))
  const project = join(work, 'empty project')
  const tarballs = join(work, 'tarballs')
  mkdirSync(project)
  mkdirSync(tarballs)
  writeFileSync(join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')

  const which = Object.values(published).map((name) => `--filter=${name}`)
  // All at once, because npm and pnpm take longer to start than to pack.
  const written: { name: string; filename: string }[] = json(
    await runWithPnpm(['pnpm', '--recursive', ...which, 'pack', '--json', '--pack-destination', tarballs], {
      cwd: root,
    }),
  )
  const packed = Object.entries(published).map(([folder, name]) => {
    const tarball = written.find((one) => one.name === name)?.filename
    if (tarball === undefined) throw new Error(`${name} was not packed`)
    return { folder, name, tarball }
  })
  const fastCheck = realpathSync(join(root, 'packages/persistence-conformance/node_modules/fast-check'))
  const thirdParty = [
    realpathSync(join(root, 'packages/shared/node_modules/devalue')),
    fastCheck,
    realpathSync(join(fastCheck, '../pure-rand')),
  ]
  const others = thirdParty.map((folder) => packInstalled(folder, tarballs))
  await succeed(
    runNpm(
      [
        ...['install', '--offline', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'],
        ...packed.map(({ tarball }) => tarball),
        ...others,
      ],
      { cwd: project },
    ),
  )
  for (const name of [...enginePackages, 'go-go-scope', 'vitest', '@opentelemetry/api', '@types/node', '@types/bun']) {
    link(join(root, 'test/node_modules', name), join(project, 'node_modules', name))
  }

  const packages = packed.map(({ folder, name, tarball }) => {
    const installed = join(project, 'node_modules', name)
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest
    return { folder, tarball, manifest, installed, files: filesOf(tarball) }
  })
  return {
    project,
    packages,
    async [Symbol.asyncDispose]() {
      rmSync(work, { recursive: true, force: true })
    },
  }
}

/** Packs an installed package without npm, which takes longer to start than the packing. */
function packInstalled(folder: string, tarballs: string): string {
  const tarball = join(tarballs, `${basename(folder)}.tgz`)
  execFileSync('tar', ['-czf', tarball, '-C', dirname(folder), basename(folder)])
  return tarball
}

function filesOf(tarball: string): string[] {
  const listing = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim()
  return listing.split('\n').map((path) => path.replace(/^package\//, ''))
}

/** Creates the link `path`, and its folder. */
export function link(target: string, path: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  symlinkSync(target, path, 'junction')
}

interface Ended {
  exitCode: number | null
  output: string
}

async function succeed(run: Promise<Ended>): Promise<void> {
  const { exitCode, output } = await run
  if (exitCode !== 0) throw new Error(output)
}

/** npm and pnpm print warnings too; the JSON begins on a separate line. */
function json({ exitCode, output }: Ended): ReturnType<typeof JSON.parse> {
  const start = output.search(/^[[{]/m)
  if (exitCode !== 0 || start === -1) throw new Error(output)
  const end = Math.max(output.lastIndexOf('\n}'), output.lastIndexOf('\n]'))
  return JSON.parse(output.slice(start, end + 2))
}
