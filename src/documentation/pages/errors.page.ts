import { html } from 'hono/html'
import { errorPageUrl } from '../../shared/errors.ts'
import { allErrors, type ErrorPage } from '../errors/all-errors.ts'
import type { ReferredRoute } from '../routes-by-code.ts'
import { type Markup, renderCode, renderPage } from './layout.page.ts'

const section = '/docs/errors'

/** Every code, under the heading of its feature. */
export function renderErrorIndex(): Markup {
  const byFeature = [...Map.groupBy(allErrors, ({ feature }) => feature)]
  return renderPage({
    title: 'P.A. Inpainting: errors',
    summary: 'Every error code of P.A. Inpainting: what happened, and what to do.',
    section,
    main: html`<h1>Errors</h1>
<p class="lead">Every refusal has a <code>code</code>. Here is what happened and what to do, for each of them.</p>
<p>How a refusal looks, and which to send again: <a href="/docs/guides#errors">Errors</a> and
<a href="/docs/guides#limits">Limits and retries</a> in the guides.</p>
${byFeature.map(renderFeature)}`,
  })
}

function renderFeature([feature, errors]: [string, readonly ErrorPage[]]): Markup {
  const id = createAnchor(feature)
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${feature}</h2>
<dl>
${errors.map(
  ({ code, status, meaning }) =>
    html`<dt><a href="/docs/errors/${code}"><code>${code}</code></a>${status === null ? '' : html` <span class="quiet">${status}</span>`}</dt>
<dd>${renderText(readFirstSentence(meaning))}</dd>
`,
)}</dl>
</section>
`
}

/** The page of one code. `routes` may answer it. */
export function renderErrorPage(
  { code, status, meaning, remedy, feature }: ErrorPage,
  { baseUrl, routes }: { baseUrl: string; routes: readonly ReferredRoute[] },
): Markup {
  const documentation = errorPageUrl(baseUrl, code)
  return renderPage({
    title: `${code}: P.A. Inpainting`,
    summary: readFirstSentence(meaning).replaceAll('`', ''),
    section,
    main: html`<h1><code>${code}</code></h1>
<p class="lead">${
      status === null
        ? 'Ends a part of a job or of an upload, and stands beside that part in its answers.'
        : `Status ${status}`
    }</p>
<h2>What happened</h2>
<p>${renderText(meaning)}</p>
<h2>What to do</h2>
<p>${renderText(remedy)}</p>
<h2>The answer</h2>
<p>${
      status === null
        ? 'Inside an answer that tells of the job or the upload:'
        : html`Its <code>message</code> says what was wrong this time; most answers have further fields.`
    }</p>
${renderCode(
  status === null
    ? JSON.stringify({ code, message: '…' }, null, 2)
    : JSON.stringify({ success: false, message: '…', code, documentation }, null, 2),
  'An example',
)}
${renderRoutes(routes)}
<p><a href="/docs/errors#${createAnchor(feature)}">All errors of “${feature}”</a></p>`,
  })
}

/** Codes that nearly every route may answer say so. */
const routesToList = 12

function renderRoutes(routes: readonly ReferredRoute[]): Markup | '' {
  if (routes.length === 0) return ''
  if (routes.length > routesToList) {
    return html`<h2>Where</h2>
<p>In answers of ${routes.length} routes.</p>`
  }
  return html`<h2>Where</h2>
<ul>
${routes.map(({ name, address }) => html`<li><a href="${address}"><code>${name}</code></a></li>\n`)}</ul>`
}

const createAnchor = (feature: string) => feature.toLowerCase().replaceAll(' ', '-')

/** For a code that the product does not have. */
export function renderUnknownError(code: string): Markup {
  return renderPage({
    title: 'No such error code: P.A. Inpainting',
    summary: 'There is no such error code.',
    section,
    main: html`<h1>There is no error <code>${code}</code></h1>
<p>Codes are two words with a dot between, such as <code>tokens.insufficient</code>. <a href="/docs/errors">Here are all of them</a>.</p>`,
  })
}

/** What stands in backticks is code. */
function renderText(text: string): Markup {
  return html`${text
    .split(/`([^`]*)`/)
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

function readFirstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text
}
