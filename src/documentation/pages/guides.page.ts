import { html } from 'hono/html'
import type { Installation } from '../installation.ts'
import { renderAuthentication, renderErrors, renderLimits } from './guides/access.page.ts'
import { renderIdempotency, renderMoney } from './guides/money.page.ts'
import { type Programs, renderPrograms } from './guides/programs.page.ts'
import { renderResults, renderUploads } from './guides/uploads.page.ts'
import { type Markup, renderPage } from './layout.page.ts'

const guides = [
  { id: 'programs', title: 'The whole way in a program' },
  { id: 'authentication', title: 'Authentication' },
  { id: 'money', title: 'Money' },
  { id: 'idempotency', title: 'Sending a request again' },
  { id: 'uploads', title: 'Videos, archives and large files' },
  { id: 'results', title: 'Results and signed URLs' },
  { id: 'limits', title: 'Limits and retries' },
  { id: 'errors', title: 'Errors' },
] as const

export type GuideId = (typeof guides)[number]['id']

/** What whoever writes a client wants to know beyond the single request, on one page. */
export function renderGuides(installation: Installation, programs: Programs): Markup {
  const content: Readonly<Record<GuideId, Markup>> = {
    programs: renderPrograms(installation, programs),
    authentication: renderAuthentication(installation),
    money: renderMoney(installation),
    idempotency: renderIdempotency(),
    uploads: renderUploads(installation),
    results: renderResults(installation),
    limits: renderLimits(installation),
    errors: renderErrors(installation),
  }
  return renderPage({
    title: 'P.A. Inpainting: guides',
    summary:
      'For clients of P.A. Inpainting: access, money, retries, large uploads, results, limits.',
    section: '/docs/guides',
    main: html`<h1>Guides</h1>
<p class="lead">For whoever writes a client. The single requests are in the <a href="/docs#reference">reference</a>.
Commands use <code>API</code>, <code>JSON</code> and <code>AUTH</code> as the <a href="/docs#first-steps">first steps</a> set them.</p>
<ul>
${guides.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`)}</ul>
${guides.map(
  ({ id, title }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content[id]}
</section>
`,
)}`,
  })
}
