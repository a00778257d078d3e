import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scopedbHere } from '../cli/scopedb.js'

const run = promisify(execFile)
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-completions-'))
  mkdirSync(join(folder, 'bin'))
  const program = join(import.meta.dirname, '../../packages/cli/bin/scopedb.js')
  writeFileSync(join(folder, 'bin/scopedb'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(join(folder, 'bin/scopedb'), 0o755)
  writeFileSync(join(folder, 'my app.db'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Returns what a real bash offers at the end of each line. */
async function offered(...lines: readonly string[]): Promise<string[][]> {
  // As readline sets the variables: it also ends words at colons and equals signs.
  const script = `source <(scopedb completions bash)
while IFS= read -r line; do
  COMP_LINE="$line" COMP_POINT=\${#line}
  IFS=' :=' read -r -a COMP_WORDS <<< "$line"
  case "$line" in *' ') COMP_WORDS+=('') ;; esac
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _scopedb scopedb
  for word in "\${COMPREPLY[@]}"; do printf '%s|' "$word"; done
  echo
done`
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
  const running = run('bash', ['--norc', '-c', script], { cwd: folder, env })
  running.child.stdin?.end(`${lines.join('\n')}\n`)
  const { stdout, stderr } = await running
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n').map((line) => line.split('|').slice(0, -1))
} // biome-ignore format: one line is easier to read

test('a real bash completes databases, commands, actions and options', async () => {
  const [first, commands, lists, reset, options, url, hostile, conflicts, after] = await offered(
    'scopedb ',
    'scopedb app.db ',
    'scopedb app.db lo',
    'scopedb app.db circuit ',
    'scopedb locks app.db --',
    'scopedb postgres://host/app?schema=a res',
    'scopedb $(touch stolen) ; touch stolen ; loc',
    'scopedb app.db import x.jsonl --conflicts ',
    'scopedb app.db import --yes ',
  )
  expect(first).toContain('my app.db')
  expect(first).toContain('restore')
  expect(commands).toContain('locks')
  expect(commands).not.toContain('restore')
  expect(lists).toEqual(['locks', 'lock'])
  expect(reset).toEqual(['reset', 'isolate'])
  expect(options).toEqual(expect.arrayContaining(['--prefix', '--expired', '--jsonl', '--no-color']))
  expect(url).toEqual(['results', 'result'])
  expect(hostile).toEqual([])
  expect(conflicts).toEqual(['fail', 'skip', 'replace'])
  expect(after).toContain('my app.db')
  const { stdout } = await run('ls', [folder])
  expect(stdout).not.toContain('stolen')
})

test('the scripts of zsh and fish run the same command', async () => {
  const zsh = (await scopedbHere('completions', 'zsh')).out
  expect(zsh.split('\n')[0]).toBe('#compdef scopedb')
  expect(zsh).toMatch(/scopedb complete "\$\{\(@\)words\[2,CURRENT\]\}"/)
  const fish = (await scopedbHere('completions', 'fish')).out
  expect(fish).toContain("complete -c scopedb -f -a '(__scopedb_complete)'")
  expect(fish).toContain('scopedb complete $words "$current"')
  expect(await scopedbHere('completions', 'tcsh')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('tcsh'),
  })
  const { out } = await scopedbHere('complete', 'app.db', 'claim', '')
  expect(out).toBe('free\n')
})

test('the script of PowerShell passes the line in base64, because PowerShell would split it', async () => {
  const { out, err } = await scopedbHere('completions', 'powershell')
  expect(err).toBe('')
  expect(out).toContain('Register-ArgumentCompleter -Native -CommandName scopedb -ScriptBlock {')
  expect(out).toContain('scopedb complete --line-base64 ([Convert]::ToBase64String($bytes))')
  // Only checks that brackets match, because the shell itself is not installed here.
  const open: string[] = []
  for (const bracket of out.match(/[()[\]{}]/g) ?? []) {
    if ('([{'.includes(bracket)) open.push(bracket)
    else expect(`${open.pop()}${bracket}`).toMatch(/^(\(\)|\[\]|\{\})$/)
  }
  expect(open).toEqual([])
  const asked = async (line: string): Promise<string[]> => {
    const { out } = await scopedbHere('complete', '--line-base64', Buffer.from(line).toString('base64'))
    return out.split('\n').map((one) => one.split('\t')[0] ?? '')
  }
  expect(await asked('scopedb "C:\\my data\\größe.db" circuit ')).toEqual(['reset', 'isolate', ''])
  expect(await asked('scopedb app.db loc')).toEqual(['locks', 'lock', ''])
  expect(await asked('scopedb restore ')).toEqual([':files', ''])
})
