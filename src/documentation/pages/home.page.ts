import { html } from 'hono/html'
import { listFirstSteps, priceOnePair, type Step } from '../first-steps.ts'
import type { Installation } from '../installation.ts'
import { type Markup, renderCode, renderPage } from './layout.page.ts'

/** The first page: from nothing to a repaired picture, and below it the reference for trying out. */
export function renderHome(installation: Installation): Markup {
  const { upload, inference } = priceOnePair(installation)
  return renderPage({
    title: 'P.A. Inpainting: first steps and reference',
    summary: 'Removes scratches, text and objects from pictures and videos, by an API.',
    section: '/docs',
    head: html`<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<script src="/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/docs/assets/reference.js" type="module"></script>
<script src="/docs/assets/copy.js" type="module"></script>`,
    main: html`<h1>A scratch out of a photo, by an API</h1>
<p class="lead">Send a picture with a mask of what is to go; get it back without. Scratches, text and objects, in pictures and videos.</p>
${renderPictures()}
<section id="first-steps" aria-labelledby="first-steps-title">
<h2 id="first-steps-title">The first repaired picture in five minutes</h2>
<p>In any shell with <code>curl</code>, step by step or all at once. The commands can be copied as they stand.
Rather click? <a href="#by-clicking">The same way without a shell</a>.</p>
<ol class="steps">
${listFirstSteps(installation).map(renderStep)}
</ol>
</section>
${renderHelp()}
${renderClicks()}
<section aria-labelledby="on-title">
<h2 id="on-title">And then</h2>
<ul>
<li><a href="/docs/guides#programs">The whole way in 40 lines</a> of JavaScript or of Python.</li>
<li><a href="/docs/guides#money">What things cost</a>: here ${upload} tokens for a pair, and ${inference} to repair it.</li>
<li><a href="/docs/guides#idempotency">Sending a request again</a> without paying twice.</li>
<li><a href="/docs/guides#uploads">Videos, archives and large files</a>.</li>
<li><a href="/docs/guides#results">Results and their URLs</a>, <a href="/docs/guides#limits">limits and retries</a>.</li>
</ul>
</section>
<section id="reference" aria-labelledby="reference-title">
<h2 id="reference-title">Reference</h2>
<p>Every request that there is, to read and to try out on this server: what you send here takes effect.
The same for programs is <a href="/openapi.json">openapi.json</a>.</p>
<noscript><p>The reference is drawn by a script, which this browser does not run.</p></noscript>
</section>`,
    wide: html`<div id="swagger-ui"></div>`,
  })
}

function renderPictures(): Markup {
  const pictures = [
    { file: 'chelsea-scratch.png', alt: 'A cat’s face under white scratches', name: 'The picture' },
    {
      file: 'chelsea-scratch-mask.png',
      alt: 'White lines on black where the scratches are',
      name: 'Its mask: white is what goes',
    },
    { file: 'chelsea-repaired.jpg', alt: 'The cat’s face without scratches', name: 'The result' },
  ]
  return html`<div class="pictures">
${pictures.map(
  ({ file, alt, name }) =>
    html`<figure><img src="/docs/assets/${file}" alt="${alt}" width="451" height="300"><figcaption>${name}</figcaption></figure>
`,
)}</div>`
}

function renderStep({ title, text, command }: Step): Markup {
  return html`<li>
<h3>${title}</h3>
<p>${text}</p>
${renderCode(command, `Commands: ${title}`)}
</li>
`
}

function renderHelp(): Markup {
  return html`<section id="errors" aria-labelledby="errors-title">
<h2 id="errors-title">When something is refused</h2>
<p>The answer says what was wrong and what to do, and its <code>code</code> has a page:
<code>tokens.insufficient</code>, for example, is at <a href="/docs/errors/tokens.insufficient">/docs/errors/tokens.insufficient</a>.
Nothing that was refused is charged. <a href="/docs/errors">All codes</a>.</p>
</section>`
}

function renderClicks(): Markup {
  return html`<section id="by-clicking" aria-labelledby="by-clicking-title">
<h2 id="by-clicking-title">The same way by clicking</h2>
<p>Save <a href="/docs/assets/chelsea-scratch.png" download>the scratched photo</a> and
<a href="/docs/assets/chelsea-scratch-mask.png" download>its mask</a>. Then open these in the
<a href="#reference">reference</a>, one after the other; each has an example filled in and a button <b>Execute</b>.</p>
<ol>
<li><code>POST /api/users/user</code>: put your own e-mail address and password in; Execute.</li>
<li><code>POST /api/users/login</code>: the same two. Copy the <code>token</code> of the answer.</li>
<li><b>Authorize</b>, at the top of the reference: paste it, Authorize, Close. Your browser keeps it for your next visit.</li>
<li><code>POST /api/datasets</code>: Execute. The name is <code>Inpainting dataset</code>, as in the next examples.</li>
<li><code>POST /api/datasets/data</code>: write <code>Inpainting dataset</code> as <code>datasetName</code>, choose the two files as <code>image</code> and
<code>mask</code>, Execute.</li>
<li><code>POST /api/inferences</code>: Execute. The answer has a <code>jobId</code>, and the <code>id</code> of the inference.</li>
<li><code>GET /api/inferences/job/{jobId}/status</code>, until its <code>status</code> is <code>completed</code>.</li>
<li><code>GET /api/inferences/{id}/results</code>, with the inference’s <code>id</code>: open the <code>downloadUrl</code> in a new tab.</li>
</ol>
</section>`
}
