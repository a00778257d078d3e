import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { readCommandLine } from './command-line.mjs'
import { setUp } from './set-up.mjs'
import { root } from './workspace.mjs'

const file = join(root, 'docs/assets/npm-start.svg')
const COLUMNS = 104
const LINE = 17
/** px per column of the font below. */
const COLUMN = 7.23
const PADDING = 16
/** ms; longer waits are shortened to this, so that the animation ends in reasonable time. */
const LONGEST_WAIT = 900
/** ms between two lines that arrived together. */
const SHORTEST_WAIT = 60

readCommandLine(
  'node scripts/record-start.mjs     runs `npm start` and draws its output, line by line, into docs/assets/npm-start.svg',
  (args) => parseArgs({ args, options: {} }),
)
await setUp()
writeFileSync(file, draw(await record()))
console.log(file)

/**
 * Runs `npm start` and returns its lines, each with the ms since the previous one.
 *
 * @returns {Promise<{ text: string, wait: number }[]>}
 */
async function record() {
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), '--demo'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`npm start ended with ${code}`))))
  })
  const lines = []
  let last = performance.now()
  for await (const line of createInterface({ input: child.stdout })) {
    const now = performance.now()
    for (const text of fold(stripVTControlCharacters(line))) lines.push({ text, wait: now - last })
    last = now
  }
  await ended
  return lines
}

/** @param {string} line */
function fold(line) {
  const parts = []
  let rest = line
  while (rest.length > COLUMNS) {
    const at = rest.lastIndexOf(' ', COLUMNS)
    parts.push(rest.slice(0, at))
    rest = `      ${rest.slice(at + 1)}`
  }
  return [...parts, rest]
}

/** @param {{ text: string, wait: number }[]} lines */
function draw(lines) {
  const width = Math.ceil(COLUMNS * COLUMN + 2 * PADDING)
  const height = (lines.length + 1) * LINE + 2 * PADDING
  let at = 0
  const rows = lines.map(({ text, wait }, index) => {
    at += Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, wait))
    const style = `animation-delay:${(at / 1_000).toFixed(2)}s`
    return `<text y="${PADDING + (index + 2) * LINE}" style="${style}"${classOf(text)}>${escapeXml(text)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="What npm start prints">
<style>
svg { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color-scheme: light dark }
rect { fill: #f6f8fa } text { fill: #1f2328; white-space: pre; animation: come 1ms both }
.killed { fill: #b42318 } .good { fill: #116329 } .head { font-weight: bold }
@keyframes come { from { opacity: 0 } to { opacity: 1 } }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
@media (prefers-color-scheme: dark) { rect { fill: #161b22 } text { fill: #e6edf3 } .killed { fill: #ff7b72 } .good { fill: #56d364 } }
</style>
<rect width="${width}" height="${height}" rx="8"/>
<g transform="translate(${PADDING})"><text class="head" y="${PADDING + LINE}">$ npm start</text>
${rows.join('\n')}
</g>
</svg>
`
}

/** @param {string} text */
function classOf(text) {
  if (/killed|stopped dead/i.test(text)) return ' class="killed"'
  if (/exactly once|SHA-256|^ {3}(missing|duplicates|not in) /.test(text)) return ' class="good"'
  return /^\S/.test(text) ? ' class="head"' : ''
}

/** @param {string} text */
function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
