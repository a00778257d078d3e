'use strict'

/**
 * What a changelog says of one changeset: its text alone. The default of changesets puts the hash of a commit before it, which
 * says nothing to those who have only the package.
 */
async function getReleaseLine({ summary }) {
  return `- ${summary.trim().replace(/\n(?=.)/g, '\n  ')}`
}

/** The packages that were released with this one, in one line: the default adds a line for each changeset of all of them. */
async function getDependencyReleaseLine(_changesets, dependencies) {
  if (dependencies.length === 0) return ''
  return `- Updated dependencies: ${dependencies.map(({ name, newVersion }) => `\`${name}\` ${newVersion}`).join(', ')}`
}

module.exports = { default: { getReleaseLine, getDependencyReleaseLine } }
