import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fromRoot } from './paths.mjs'
import { fingerprint, isStamped, writeStamp } from './stamps.mjs'

/** What wrangler.toml names as the folder of the Worker's assets; below it files stand as in their addresses. */
const assetsFolder = fromRoot('dist', 'assets')
const stamp = fromRoot('dist', 'assets.stamp')

const swaggerUi = ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css']
const samples = [
  'chelsea-scratch.png',
  'chelsea-scratch-mask.png',
  'chelsea-repaired.jpg',
  'coffee-text.jpg',
  'coffee-text-mask.png',
  'rocket.jpg',
  'rocket-object-mask.png',
  'film.mp4',
  'logo-mask.png',
  'pairs.zip',
]

/** Every file that the pages need, from where it is kept. */
const sources = [
  ...swaggerUi.map((name) => fromRoot('node_modules', 'swagger-ui-dist', name)),
  ...['page.css', 'reference.js', 'copy.js', 'icon.svg'].map((name) =>
    fromRoot('src', 'documentation', 'assets', name),
  ),
  ...samples.map((name) => fromRoot('docs', 'samples', name)),
  ...['repair.mjs', 'repair.py'].map((name) => fromRoot('docs', 'examples', name)),
]

/** Gathers the files that the Worker's pages need in one folder, where they are not there as they are now. */
export function ensurePageAssets() {
  const wanted = fingerprint(...sources)
  if (existsSync(assetsFolder) && isStamped(stamp, wanted)) return
  rmSync(assetsFolder, { recursive: true, force: true })
  const folder = path.join(assetsFolder, 'docs', 'assets')
  mkdirSync(folder, { recursive: true })
  for (const source of sources) copyFileSync(source, path.join(folder, path.basename(source)))
  writeStamp(stamp, wanted)
}
