import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { thisMember } from '../proof/process/members.js'
import { ProofProcess } from '../proof/process/proof-process.js'

proveCell()

test('a waiting schedule keeps no process alive', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'schedule-of-a-process-'))
  const script = new URL('../proof/copies/schedule-and-end.mjs', import.meta.url)
  const waiting = new ProofProcess(thisMember, script, [folder])
  try {
    await withProcesses([waiting], async () => {
      // The next backup is due in an hour.
      expect(await waiting.ended).toEqual({ code: 0, signal: null, stderr: '' })
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 30_000)
