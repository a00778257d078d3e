import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('a script whose output was closed ends silently, and so do the programs it started', async () => {
  const script = fileURLToPath(new URL('programs/prints.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  for await (const line of createInterface(child.stdout)) if (line === 'started') break
  child.stdout.destroy()
  // 'close' comes when the started program, which shares stderr, has ended too.
  const [code] = await once(child, 'close')
  expect({ code, stderr }).toEqual({ code: 141, stderr: '' })
}, 10_000)
