import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { EngineUnderTest } from '../engine-under-test.js'
import { LineProcess } from '../process/line-process.js'

/** Starts a process on this runtime that runs one of the scripts of `children/`, with the engine as first argument. */
export function startChild(engine: EngineUnderTest, script: string, ...args: readonly string[]): LineProcess {
  const file = fileURLToPath(new URL(`../children/${script}.js`, import.meta.url))
  return new LineProcess({ runtime: process.execPath, args: [file, engine.module.href, ...args] })
}

/** Processes that no test uses now. They are reused, because starting one takes as long as most tests. */
const idle = new Map<EngineUnderTest, LineProcess[]>()

/** Runs `body` with `count` processes that take the orders of `children/take-work`. Later tests reuse the surviving ones. */
export async function withChildren(
  engine: EngineUnderTest,
  count: number,
  body: (children: readonly LineProcess[]) => Promise<void>,
): Promise<void> {
  const waiting = idle.get(engine) ?? []
  idle.set(engine, waiting)
  const known = waiting.splice(0, count)
  const fresh = Array.from({ length: count - known.length }, () => startChild(engine, 'take-work'))
  const all = [...known, ...fresh]
  try {
    for (const one of known) one.keepAlive(true)
    await Promise.all(fresh.map((one) => one.ready()))
    await body(all)
    const left = all.filter((one) => !one.over)
    await Promise.all(left.map((one) => one.ask('leave')))
    // So that they do not keep this process alive if no later test ends them.
    for (const one of left) one.keepAlive(false)
    waiting.push(...left)
  } catch (error) {
    await Promise.all(all.map((one) => one.kill()))
    throw error
  }
}

export function withChild(engine: EngineUnderTest, body: (child: LineProcess) => Promise<void>): Promise<void> {
  return withChildren(engine, 1, ([child]) => body(child as LineProcess))
}

/** Ends all idle processes and checks that they exit by themselves and without output. */
export async function dismissChildren(engine: EngineUnderTest): Promise<void> {
  const children = idle.get(engine) ?? []
  idle.delete(engine)
  for (const one of children) one.keepAlive(true)
  const endings = await Promise.all(children.map((child) => child.dismiss()))
  for (const ending of endings) assert.deepEqual(ending, { code: 0, signal: null, stderr: '' })
}
