import { html } from 'hono/html'
import { formatTokens } from '../../../ledger/amounts.ts'
import { formatPricing } from '../../../ledger/pricing.ts'
import type { Installation } from '../../installation.ts'
import { type Markup, renderCode } from '../layout.page.ts'

export function renderMoney({ pricePlan, grant }: Installation): Markup {
  const { dataset_upload: upload, inference } = formatPricing(pricePlan)
  const prices: readonly (readonly [string, number])[] = [
    ['A picture with its mask, uploaded', upload.single_image],
    ['A frame of a video, uploaded', upload.video_frame],
    ['A picture or video of an archive, uploaded', upload.zip_file],
    ['A picture, repaired', inference.single_image],
    ['A frame of a video, repaired', inference.video_frame],
  ]
  return html`<p>Work is paid for in tokens, exact to a thousandth. A new account has ${formatTokens(grant)}; an administrator
recharges. <code>GET /api/users/tokens</code> tells the balance, the latest transactions and these prices, for programs.</p>
<div class="table"><table>
<thead><tr><th scope="col">What</th><th scope="col" class="figure">Tokens</th></tr></thead>
<tbody>
${prices.map(([what, tokens]) => html`<tr><td>${what}</td><td class="figure">${tokens}</td></tr>\n`)}</tbody>
</table></div>
<ul>
<li>The price is reserved before any work is done, and charged for what succeeded. What fails or is aborted is given back by itself.</li>
<li>An upload is all or nothing: either its pictures are in the dataset and paid, or nothing is.</li>
<li>Too small a balance is a <strong>401</strong> with the code <a href="/docs/errors/tokens.insufficient"><code>tokens.insufficient</code></a>,
and <code>required</code>, <code>balance</code> and <code>shortfall</code> in tokens. Tell it from a failed login by the code, not by the status.</li>
</ul>`
}

export function renderIdempotency(): Markup {
  return html`<p>When an answer is lost nobody knows whether the request took effect. Give every request that creates or charges a
name of its own, such as a UUID, and send it again with the same name: it takes effect once, is charged once, and the first
answer comes again with <code>Idempotency-Replayed: true</code>.</p>
${renderCode(
  `KEY="$(date +%s)-$$"
curl -sw '\\n' "$API/api/inferences" -H "$AUTH" -H "$JSON" -H "Idempotency-Key: $KEY" \\
  -d '{"datasetName":"My photos"}'`,
  'Commands: a request with a name',
)}
<ul>
<li>Every <code>POST</code> that creates or charges takes the key. Aborts need none: done again they change nothing.</li>
<li>A key is yours alone and is kept 24 hours. A refusal frees it, so that a corrected request may use it.</li>
<li>A key that stands for another request is a 422, <a href="/docs/errors/idempotency.key_reused"><code>idempotency.key_reused</code></a>;
one whose request is still being worked on a 409, <a href="/docs/errors/idempotency.in_flight"><code>idempotency.in_flight</code></a>, with
<code>Retry-After</code>.</li>
</ul>`
}
