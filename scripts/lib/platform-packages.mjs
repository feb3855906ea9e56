/**
 * A package with a native part lists one optional package for every platform. `npm ci` refuses a lock file
 * that leaves one out, and npm leaves out what the registry it asked did not have.
 */

/** @typedef {{ version?: string, optionalDependencies?: Record<string, string>, [field: string]: unknown }} LockedPackage */
/** @typedef {{ path: string, name: string, version: string, parent: string }} MissingPackage */

const exactVersion = /^\d+\.\d+\.\d+(-[\w.]+)?$/

/**
 * The optional packages that the lock's packages pin to an exact version and that the lock does not hold.
 * @param {Record<string, LockedPackage>} packages
 * @returns {MissingPackage[]}
 */
export function findMissingPlatformPackages(packages) {
  return Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([, version]) => exactVersion.test(version))
      .filter(([name, version]) => !isLocked(packages, parent, name, version))
      .map(([name, version]) => ({ path: siblingPath(parent, name), name, version, parent })),
  )
}

/**
 * What the lock should say of such a package: enough for npm to skip it elsewhere and to find it on its platform.
 * It has no integrity hash, since nothing has been read.
 * @param {MissingPackage} missing
 * @param {boolean} dev
 */
export function createLockEntry(missing, dev) {
  const words = missing.name.split(/[/-]/)
  const os = [
    ['win32', /^(win32|windows)$/],
    ['darwin', /^darwin$/],
    ['android', /^android$/],
    ['linux', /^linux$/],
  ].find(([, pattern]) => words.some((word) => /** @type {RegExp} */ (pattern).test(word)))?.[0]
  const cpu = words.includes('arm64')
    ? 'arm64'
    : words.some((word) => /^(x64|64)$/.test(word))
      ? 'x64'
      : undefined
  if (!os || !cpu) throw new Error(`The platform of ${missing.name} cannot be read from its name.`)
  return {
    version: missing.version,
    cpu: [cpu],
    ...(dev && { dev: true }),
    ...(words.includes('musl') && { libc: ['musl'] }),
    optional: true,
    os: [os],
  }
}

/**
 * Node's own search: beside the parent, then in every `node_modules` further up.
 * @param {Record<string, LockedPackage>} packages
 * @param {string} parent
 * @param {string} name
 * @param {string} version
 */
function isLocked(packages, parent, name, version) {
  for (let folder = parent; ; folder = parentFolder(folder)) {
    const found = packages[folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`]
    if (found) return found.version === version
    if (!folder) return false
  }
}

/** @param {string} folder */
function parentFolder(folder) {
  return folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/'))).replace(/\/$/, '')
}

/** @param {string} parent @param {string} name */
function siblingPath(parent, name) {
  const folder = parentFolder(parent)
  return folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`
}
