/**
 * Adds to package-lock.json the packages of other platforms that npm left out, as it does where a registry's
 * mirror lacks them. Run it after `npm install` when the house tests ask for it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createLockEntry, findMissingPlatformPackages } from './lib/platform-packages.mjs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = findMissingPlatformPackages(lock.packages)
for (const each of missing) {
  lock.packages[each.path] = createLockEntry(each, lock.packages[each.parent].dev === true)
  console.log(`added ${each.name} ${each.version}`)
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1)),
)
if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
else console.log('package-lock.json lacks nothing')
