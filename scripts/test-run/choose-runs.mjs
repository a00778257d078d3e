import { runs } from '../../test/matrix.mjs'
import { readArguments } from './read-arguments.mjs'

/** What the command line of this process asks for. Ends the process with what is wrong with it, where something is. */
export function chooseRuns() {
  try {
    return readArguments(process.argv.slice(2), runs)
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    process.exit(2)
  }
}
