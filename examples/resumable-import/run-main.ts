import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Arguments } from './arguments.mjs'
import type { Event } from './report/event.ts'

const main = join(import.meta.dirname, 'main.ts')

interface Run {
  interrupted: AbortSignal
  /** Called for each event; `argv` must contain --json. Without it the process writes to our terminal. */
  onEvent?(event: Event, child: ChildProcess): void
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

/** Runs main.ts in another process, on the runtime for the front end, and waits for its end. */
export async function runMain(
  frontEnd: Arguments['frontEnd'],
  argv: string[],
  { interrupted, onEvent }: Run,
): Promise<Ended> {
  const output = onEvent === undefined ? 'inherit' : 'pipe'
  const runtime = runtimeOf(frontEnd)
  // On Node 20, `execArgv` contains the TypeScript loader.
  const own = runtime === process.execPath ? process.execArgv : []
  const child = spawn(runtime, [...own, main, ...argv], { stdio: ['ignore', output, 'inherit'] })
  const interrupt = () => child.kill('SIGINT')
  interrupted.addEventListener('abort', interrupt)
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => onEvent?.(JSON.parse(line), child))
  }
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      // 'close' comes after the last line of output.
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
  } finally {
    interrupted.removeEventListener('abort', interrupt)
  }
}

function runtimeOf(frontEnd: Arguments['frontEnd']): string {
  if (frontEnd !== 'bun' || process.versions.bun !== undefined) return process.execPath
  // The workspace's own Bun, so that no other needs to be installed.
  return join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin', 'bun.exe')
}
