import { html } from 'hono/html'
import type { Installation } from '../../installation.ts'
import { type Markup, renderCode } from '../layout.page.ts'

/** The texts of the example programs. */
export interface Programs {
  readonly javascript: string
  readonly python: string
}

export function renderPrograms({ baseUrl }: Installation, programs: Programs): Markup {
  const run = (command: string, file: string) =>
    renderCode(
      `curl -sO "${baseUrl}/docs/assets/${file}"
curl -sO "${baseUrl}/docs/assets/chelsea-scratch.png"
curl -sO "${baseUrl}/docs/assets/chelsea-scratch-mask.png"
${command} ${file} "${baseUrl}" chelsea-scratch.png chelsea-scratch-mask.png`,
      `Commands: ${file}`,
    )
  return html`<p>From registering to <code>repaired.png</code>, with nothing to install.</p>
<h3>JavaScript</h3>
<p><a href="/docs/assets/repair.mjs">repair.mjs</a>, on Node 20 or newer:</p>
${run('node', 'repair.mjs')}
<details><summary>The program</summary>
${renderCode(programs.javascript, 'repair.mjs')}</details>
<h3>Python</h3>
<p><a href="/docs/assets/repair.py">repair.py</a>, on Python 3.9 or newer:</p>
${run('python3', 'repair.py')}
<details><summary>The program</summary>
${renderCode(programs.python, 'repair.py')}</details>`
}
