import { html } from 'hono/html'

/** A piece of a page: its values were escaped when it was made. */
export type Markup = ReturnType<typeof html>

interface Page {
  readonly title: string
  /** What the page is about, in a sentence; for whoever finds it by a search. */
  readonly summary: string
  /** The address of the place in the site's menu that the page belongs to. */
  readonly section: string
  readonly main: Markup
  /** What stands below it in the whole width, with styles of its own. */
  readonly wide?: Markup
  /** What stands in the head beside the page's own stylesheet. */
  readonly head?: Markup
}

const menu = [
  { address: '/docs', name: 'First steps' },
  { address: '/docs/guides', name: 'Guides' },
  { address: '/docs/errors', name: 'Errors' },
  { address: '/docs#reference', name: 'Reference' },
]

/** A whole page. It runs no script unless its head brings one. */
export function renderPage({ title, summary, section, main, wide, head }: Page): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="description" content="${summary}">
<link rel="icon" type="image/svg+xml" href="/docs/assets/icon.svg">
${head ?? ''}
<link rel="stylesheet" href="/docs/assets/page.css">
</head>
<body>
<header>
<nav class="site" aria-label="Documentation">
<a class="name" href="/docs">P.A. Inpainting</a>
${menu.map((place) => renderPlace(place, section))}
</nav>
</header>
<main>
<div class="text">
${main}
</div>
${wide ?? ''}
</main>
<footer class="colophon">
For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1), <a href="/llms.txt">llms.txt</a>.
Is it alive? <a href="/health/ready">health</a>.
</footer>
</body>
</html>
`
}

function renderPlace({ address, name }: { address: string; name: string }, section: string) {
  const isHere = address === section
  return html`<a href="${address}"${isHere ? html` aria-current="page"` : ''}>${name}</a>`
}

/** Lines to be copied; wide ones scroll, by keys as well. */
export function renderCode(code: string, label: string): Markup {
  return html`<pre tabindex="0" aria-label="${label}"><code>${code}</code></pre>`
}
