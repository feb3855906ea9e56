/**
 * Prints the OpenAPI document of the app, which is imported as it is: its types are taken out on the way, and what only the
 * Worker's platform has is left empty, since no request is answered. lib/api-document.mjs runs it.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fromRoot } from './paths.mjs'

const platform = 'export class DurableObject {}'
const isCode = /\.[cm]?[jt]s$/

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!specifier.startsWith('cloudflare:')) return nextResolve(specifier, context)
    return { url: `data:text/javascript,${platform}`, shortCircuit: true }
  },
  load(url, context, nextLoad) {
    const isFile = url.startsWith('file:')
    if (isFile && url.endsWith('.ts')) {
      const code = readFileSync(new URL(url), 'utf8')
      const source = stripTypeScriptTypes(code, { mode: 'transform' })
      return { format: 'module', source, shortCircuit: true }
    }
    if (isFile && !isCode.test(url) && !url.endsWith('.json')) {
      return { format: 'module', source: "export default ''", shortCircuit: true }
    }
    return nextLoad(url, context)
  },
})

const { createApp } = await import(fromRoot('src', 'app.ts'))
const { createDocument } = await import(
  fromRoot('src', 'documentation', 'openapi', 'create-document.ts')
)
const settings = { PUBLIC_BASE_URL: 'http://127.0.0.1:8787' }
process.stdout.write(JSON.stringify(createDocument(createApp(), settings)))
