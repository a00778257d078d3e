import { messageOf } from '../../../errors/is-error.js'

/**
 * Explains why an engine's package cannot be imported and what to do. Either it is not installed, or its native part is missing,
 * because package managers run install scripts only for approved packages.
 *
 * @param cause The error of importing the package `name`.
 */
export function unloadablePackage(name: string, cause: unknown): string {
  const message = messageOf(cause)
  // The package itself is missing, not one of its dependencies.
  if (new RegExp(`cannot find (package|module) '${name}'`, 'i').test(message)) {
    return `the package ${name} is not installed; run npm install ${name}`
  }
  const [reason] = message.split('\n')
  return (
    `the package ${name} is installed and cannot be loaded, as when its native part was not built; allow its install ` +
    `script (npm install-scripts approve, pnpm approve-builds or bun pm trust) and run npm rebuild ${name} (${reason})`
  )
}
