import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { EngineUnderTest } from '../engine-under-test.js'
import { LineProcess } from '../process/line-process.js'

/** A process on this runtime that runs one of the scripts of `children/`, with the engine as first argument. */
export function startChild(engine: EngineUnderTest, script: string, ...args: readonly string[]): LineProcess {
  const file = fileURLToPath(new URL(`../children/${script}.js`, import.meta.url))
  return new LineProcess({ runtime: process.execPath, args: [file, engine.module.href, ...args] })
}

/** Lets the children end, which they must do by themselves and in silence. */
export async function dismiss(children: readonly LineProcess[]): Promise<void> {
  const endings = await Promise.all(children.map((child) => child.dismiss()))
  for (const ending of endings) assert.deepEqual(ending, { code: 0, signal: null, stderr: '' })
}
