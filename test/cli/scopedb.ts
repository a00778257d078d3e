import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { run } from '../../packages/cli/dist/index.js'

// Tables have the widths of their cells, whatever the terminal is that the tests are started from.
delete process.env.COLUMNS

export const program: string = fileURLToPath(new URL('../../packages/cli/bin/scopedb.js', import.meta.url))

/** How a run of `scopedb` ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `scopedb` in this process, which costs a hundredth of a separate process. One call at a time. */
export function scopedbHere(...args: readonly string[]): Promise<Ended> {
  return endOf(run, args)
}

/** Returns the output and the exit code of a run of `scopedb` in this process. */
export async function endOf(runs: typeof run, args: readonly string[]): Promise<Ended> {
  let [out, err] = ['', '']
  const heard = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text
      return true
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += text
      return true
    }),
  ]
  try {
    const code = await runs(args)
    return { code, out, err }
  } finally {
    for (const spy of heard) spy.mockRestore()
  }
}

/** Runs `scopedb` on the runtime of this process, without a terminal. */
export function scopedb(...args: readonly string[]): Promise<Ended> {
  return scopedbWith({}, ...args)
}

/** As {@link scopedb}, with input for stdin and options of the runtime. */
export function scopedbWith(
  { input, runtime = [] }: { readonly input?: string; readonly runtime?: readonly string[] },
  ...args: readonly string[]
): Promise<Ended> {
  const child = spawn(process.execPath, [...runtime, program, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  // A program that does not read stdin ends first, which breaks the pipe.
  child.stdin.on('error', () => undefined).end(input ?? '')
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

/** The front end of the runtime. Typed as one of the two; the methods used here are the same in both. */
export const { SQLiteAdapter }: typeof import('@go-go-scope/persistence-sqlite-node') =
  process.versions.bun === undefined
    ? await import('@go-go-scope/persistence-sqlite-node')
    : ((await import('@go-go-scope/persistence-sqlite-bun')) as never)

/** Runs statements on a file without an adapter. */
export async function inFile(file: string, sql: string): Promise<void> {
  const handle = await openHandle(file)
  handle.exec(sql)
  handle.close()
}

/** Opens a connection without an adapter. */
export async function openHandle(file: string): Promise<Handle> {
  const engine: { DatabaseSync?: new (path: string) => Handle; Database?: new (path: string) => Handle } =
    process.versions.bun !== undefined
      ? await import('bun:sqlite' as string)
      : await import((process.versions.node.startsWith('20') ? '@photostructure/sqlite' : 'node:sqlite') as string)
  const Handle = engine.DatabaseSync ?? engine.Database
  if (Handle === undefined) throw new Error('no engine')
  return new Handle(file)
}

export interface Handle {
  exec(sql: string): void
  prepare(sql: string): { all(): Record<string, unknown>[] }
  close(): void
}
