// Runs the examples in the given folders one after another in one process: a process for each took half of their time. An
// example begins when nothing is left of the previous one that would keep a process alive.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folders = process.argv.slice(2)
/** @type {string | undefined} */
let folder
let isOver = false

process.on('beforeExit', () => {
  if (folder !== undefined) {
    // Node's exit code for a module that awaits something that cannot settle.
    if (!isOver) process.exit(13)
    if (process.exitCode) process.exit()
  }
  end()
  folder = folders.shift()
  // Keeps the process alive until the module is loaded.
  if (folder !== undefined) setImmediate(run, folder)
})
process.on('exit', (code) => {
  // An example may end its process itself; the following examples then run in another one.
  if (code === 0) end()
})

/** @param {string} folder */
async function run(folder) {
  isOver = false
  process.chdir(folder)
  // An example that throws ends the process with its error.
  await import(pathToFileURL(join(folder, 'example.js')).href)
  isOver = true
}

/** Reports that the example ended well. */
function end() {
  if (folder !== undefined) writeFileSync(join(folder, 'ended'), '')
}
