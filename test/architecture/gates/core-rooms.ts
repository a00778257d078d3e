import { posix } from 'node:path'
import type { Gate, SourceFile } from './gate.js'
import { importsOf } from './source-text.js'

const SOURCE = 'packages/shared/src/'

/**
 * The rooms of the core from the top of the house to the ground. A room imports what is in it and in rooms of lines below
 * its own; rooms of one line do not import one another. A room is the longest of these names that a path starts with.
 */
export const ROOMS: readonly (readonly string[])[] = [
  ['index.ts', 'remote.ts'],
  ['public.ts'],
  ['dialect.ts', 'integration.ts', 'engine.ts'],
  ['dialects/sqlite/front-end', 'dialects/sqlite/changesets'],
  ['dialects/sqlite/copies', 'dialects/sqlite/standby', 'dialects/sqlite/threaded-engine'],
  ['dialects/sqlite/thread', 'dialects/sqlite/block-copy'],
  ['dialects/sqlite'],
  ['dialects/sqlite/statements', 'dialects/sqlite/schema', 'dialects/sqlite/file'],
  ['dialects/sqlite/engine'],
  ['remote/owner', 'remote/client'],
  ['remote/wire'],
  ['adapter'],
  ['inspect'],
  ['stores/cache', 'stores/checkpoint', 'stores/circuit-breaker', 'stores/idempotency', 'stores/lock'],
  ['session'],
  ['connection'],
  ['queue'],
  ['driver'],
  ['time', 'values'],
  ['arguments'],
  ['errors'],
  ['ports', 'keys', 'processes', 'tracing'],
]

const LINE_OF: ReadonlyMap<string, number> = new Map(ROOMS.flatMap((rooms, line) => rooms.map((room) => [room, line])))
const BY_LENGTH: readonly string[] = [...LINE_OF.keys()].sort((a, b) => b.length - a.length)

/** @param path Relative to the source of the core. @returns `undefined` for a file in no room. */
export function roomOf(path: string): string | undefined {
  return BY_LENGTH.find((room) => path === room || path.startsWith(`${room}/`))
}

/** Every import from one room of the core into another. */
function crossings(files: readonly SourceFile[]): { path: string; from: string; target: string; to: string }[] {
  return files.flatMap(({ path, text }) => {
    const here = path.slice(SOURCE.length)
    const from = roomOf(here)
    if (from === undefined) return []
    return importsOf(text)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => posix.join(posix.dirname(here), specifier).replace(/\.js$/, '.ts'))
      .flatMap((target) => {
        const to = roomOf(target)
        return to === undefined || to === from ? [] : [{ path, from, target, to }]
      })
  })
}

const covers = (path: string): boolean => path.startsWith(SOURCE) && path.endsWith('.ts')
const lineOf = (room: string): number => LINE_OF.get(room) as number

export const coreImportsGoDown: Gate = {
  rule: 'imports within the core go down',
  covers,
  violations: (files) => [
    ...files
      .map(({ path }) => path)
      .filter((path) => roomOf(path.slice(SOURCE.length)) === undefined)
      .map((path) => `${path} is in no room; give its folder a line in core-rooms.ts`),
    ...crossings(files)
      .filter(({ from, to }) => lineOf(to) <= lineOf(from))
      .map(({ path, target }) => `${path} imports ${target}`),
  ],
}

/** The rooms with the rooms that each imports, a line each, as ARCHITECTURE.md shows them. */
export function drawRooms(files: readonly SourceFile[]): string {
  const found = crossings(files.filter(({ path }) => covers(path)))
  const width = Math.max(...BY_LENGTH.map((room) => room.length))
  return ROOMS.flat()
    .map((room) => {
      const below = new Set(found.filter(({ from }) => from === room).map(({ to }) => to))
      const names = ROOMS.flat().filter((other) => below.has(other))
      return `${room.padEnd(width)}  → ${names.join(', ') || '–'}`.trimEnd()
    })
    .join('\n')
}
