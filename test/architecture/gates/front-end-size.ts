import type { Gate } from './gate.js'

// Driver, handle, engine, classes, index, the module of its thread, and the re-export of `./remote`.
const MOST_FILES = 7
const MOST_LINES = 300

/** A front end has a driver and constructors; everything else belongs in the core, which all front ends share. */
export const frontEndSize: Gate = {
  rule: `a front end has at most ${MOST_FILES} source files and ${MOST_LINES} lines in all`,
  covers: (path) => /^packages\/persistence-sqlite[^/]*\/src\//.test(path),
  violations: (files) => {
    const names = new Set(files.map(({ path }) => path.split('/')[1]))
    return [...names].flatMap((name) => {
      const own = files.filter(({ path }) => path.startsWith(`packages/${name}/`))
      const lines = own.reduce((sum, { text }) => sum + text.trimEnd().split('\n').length, 0)
      return [
        ...(own.length > MOST_FILES ? [`packages/${name} has ${own.length} source files`] : []),
        ...(lines > MOST_LINES ? [`packages/${name} has ${lines} lines`] : []),
      ]
    })
  },
}
