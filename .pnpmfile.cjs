'use strict'

/**
 * A package of this family needs the others in its own release, because all of them use one core. Peers say so only in what is
 * packed: changesets takes a peer whose next version is out of range, as each minor one is below 1.0, for a major change.
 */
function beforePacking(manifest) {
  for (const name of Object.keys(manifest.peerDependencies ?? {})) {
    if (name.startsWith('@go-go-scope/')) manifest.peerDependencies[name] = `^${manifest.version}`
  }
  return manifest
}

module.exports = { hooks: { beforePacking } }
