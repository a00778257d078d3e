'use strict'

/**
 * Returns the changelog text of one changeset: its prose alone. The default of changesets prepends a commit hash, which means
 * nothing to users of the package.
 */
async function getReleaseLine({ summary }) {
  return `- ${summary.trim().replace(/\n(?=.)/g, '\n  ')}`
}

/** Returns the packages released with this one in one line; the default adds a line per changeset of each of them. */
async function getDependencyReleaseLine(_changesets, dependencies) {
  if (dependencies.length === 0) return ''
  return `- Updated dependencies: ${dependencies.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`).join(', ')}`
}

module.exports = { default: { getReleaseLine, getDependencyReleaseLine } }
