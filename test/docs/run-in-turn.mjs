// Runs the examples in the folders that it is given, in one process: to start one for each took half of their time. An example
// begins when the one before has ended as its own process would have: when nothing is left that could keep a process alive.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folders = process.argv.slice(2)
/** @type {string | undefined} */
let folder
let isOver = false

process.on('beforeExit', () => {
  if (folder !== undefined) {
    // What Node ends with when the code of a module waits for what cannot come.
    if (!isOver) process.exit(13)
    if (process.exitCode) process.exit()
  }
  end()
  folder = folders.shift()
  // What keeps the process alive until the module is loaded.
  if (folder !== undefined) setImmediate(run, folder)
})
process.on('exit', (code) => {
  // An example may end its process itself; those behind it get another.
  if (code === 0) end()
})

/** @param {string} folder */
async function run(folder) {
  isOver = false
  process.chdir(folder)
  // One that throws ends the process, with its error.
  await import(pathToFileURL(join(folder, 'example.js')).href)
  isOver = true
}

/** Says that the example ended well. */
function end() {
  if (folder !== undefined) writeFileSync(join(folder, 'ended'), '')
}
