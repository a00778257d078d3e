import { type EngineName, engineNames, engines, type RegisteredEngine } from '../../../scripts/engines.mjs'
import { runtimes } from '../../matrix.mjs'
import type { Gate } from './gate.js'
import { namesAll } from './named-list.js'

type Named = (engine: EngineName, registered: RegisteredEngine) => readonly string[]

const quotedPackage: Named = (_, registered) => [`'${registered.package}':`]
const dependencies: Named = (_, { npm, package: frontEnd }) =>
  [`@go-go-scope/${frontEnd}`, ...(npm === undefined ? [] : [npm])].map((name) => `"${name}":`)
const inTable: Named = (engine, registered) => [`\`${engine}\``, `\`${registered.package}\``]

/** Lists of engines or of their packages, and what each must contain for each engine of scripts/engines.mjs. */
const LISTS: readonly (readonly [path: string, named: Named, part?: RegExp])[] = [
  ['test/architecture/gates/import-direction.ts', quotedPackage],
  ['test/package/packed-family.ts', quotedPackage],
  ['.changeset/config.json', (_, registered) => [`"@go-go-scope/${registered.package}"`], /"fixed":[\s\S]*?\]\s*\]/],
  ['test/package.json', dependencies],
  ['bench/package.json', dependencies],
  ['examples/resumable-import/package.json', dependencies],
  ['bench/plan.mjs', (_, { module }) => [`engine: '${module}'`]],
  ['examples/resumable-import/database/engine.ts', (_, registered) => [`from '@go-go-scope/${registered.package}'`]],
  ['ARCHITECTURE.md', (engine, registered) => [registered.package, engine], /^```text[\s\S]*?^```/m],
  [
    'packages/shared/README.md',
    (engine, registered) => [`@go-go-scope/${registered.package}`, `\`${engine}\``],
    /^\| Package[\s\S]*?\n\n/m,
  ],
  ['docs/drivers.md', inTable, /^\| \|[\s\S]*?\n\n/m],
  [
    'README.md',
    (engine, registered) => [`\`${engine}\``, `@go-go-scope/${registered.package}`],
    /^## Choose a front end\n[\s\S]*?\n\n\|[\s\S]*?\n\n/m,
  ],
]

export const engineLists: readonly Gate[] = [
  ...LISTS.map(([path, named, part]) =>
    namesAll('engine', engineNames, {
      path,
      named: (engine) => named(engine, engines[engine]),
      ...(part && { part }),
    }),
  ),
  {
    rule: 'no engine is forgotten by docs/runtimes.md',
    covers: (path) => path === 'docs/runtimes.md',
    violations: ([file]) => {
      const tables = [...(file?.text ?? '').matchAll(/^\| Front end, engine (\|.*)\n\|[-|]+\n((?:\|.*\n?)+)/gm)]
      const [whole, brief] = tables.map(([, head = '', rows = '']) => runtimesOf(head, rows))
      return engineNames.flatMap((engine) => {
        const row = `\`${engines[engine].package}\`, \`${engine}\``
        return [
          ...differing(row, 'runtimes', engines[engine].runtimes, whole?.get(row)),
          ...(engines[engine].brief.length === 0
            ? []
            : differing(row, 'brief runtimes', engines[engine].brief, brief?.get(row))),
        ]
      })
    },
  },
]

/** Returns, for each row of a table, the runtimes marked with yes. */
function runtimesOf(head: string, rows: string): ReadonlyMap<string, readonly string[]> {
  const cells = (line: string) => line.split('|').map((cell) => cell.trim())
  const columns = cells(head).map((name) => name.toLowerCase())
  return new Map(
    rows
      .trim()
      .split('\n')
      .map((row) => {
        const [, name = '', ...answers] = cells(row)
        return [name, columns.slice(1).filter((_, at) => answers[at] === 'yes')]
      }),
  )
}

function differing(row: string, what: string, registered: readonly string[], shown?: readonly string[]): string[] {
  // A column head is a runtime line, `Node 20`, or one version of it.
  const isShown = (runtime: string): boolean =>
    [runtimes[runtime]?.version, runtime.replace(/^node/, 'node ')].some((name) => shown?.includes(name ?? ''))
  if (shown?.length === registered.length && registered.every(isShown)) return []
  return [`docs/runtimes.md: ${row} has ${shown?.join(', ') ?? 'no row'}, and its ${what} are ${registered.join(', ')}`]
}
