/**
 * Returns whether a test file is in a folder, or is the one file that is named instead of a folder.
 *
 * @param {string} file relative to the root, with `/`
 * @param {string} folder
 */
export function isIn(file, folder) {
  return file === folder || file.startsWith(`${folder}/`)
}
