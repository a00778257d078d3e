import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { typescriptArguments } from '../../scripts/typescript-arguments.mjs'
import { compiledName, compileExamples } from './compile-examples.js'

/** The folder of all examples. */
export const examples: string = fileURLToPath(new URL('../../examples', import.meta.url))

export interface ExampleOutcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunningExample {
  kill(signal: NodeJS.Signals): void
  /** Closes its output, as `head` does when it has read enough. */
  stopReading(): void
  /** Resolves when its output matches. */
  printed(pattern: RegExp): Promise<void>
  /** The output so far. */
  readonly stdout: string
  ended: Promise<ExampleOutcome>
}

export interface RunSurroundings {
  cwd?: string
  env?: Record<string, string>
}

/** Starts an example's script as a reader would, on the runtime of the test. */
export function startExample(
  script: string,
  args: readonly string[] = [],
  surroundings?: RunSurroundings,
): RunningExample {
  return start([...typescriptArguments(), join(examples, script), ...args], surroundings)
}

function start(command: readonly string[], { cwd, env }: RunSurroundings = {}): RunningExample {
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    // Variables that vitest sets for itself must not leak into the example.
    env: { ...process.env, NODE_OPTIONS: undefined, npm_lifecycle_event: undefined, FORCE_COLOR: undefined, ...env },
  })
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of waiting) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<ExampleOutcome>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    get stdout() {
      return stdout
    },
    ended,
    stopReading: () => void child.stdout.destroy(),
    kill: (signal) => void child.kill(signal),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(stdout)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)))
      }),
  }
}

/** Runs an example until it ends. */
export function runExample(
  script: string,
  args?: readonly string[],
  surroundings?: RunSurroundings,
): Promise<ExampleOutcome> {
  return startExample(script, args, surroundings).ended
}

let compiled: Promise<string> | undefined

/**
 * Runs an example until it ends. It is compiled if the runtime needs a loader for TypeScript, because a loader triples the
 * start time of each process.
 */
export async function runExampleWithoutLoader(script: string, args: readonly string[] = []): Promise<ExampleOutcome> {
  if (typescriptArguments().length === 0) return runExample(script, args)
  compiled ??= compileExamples()
  return start([join(await compiled, compiledName(script)), ...args]).ended
}
