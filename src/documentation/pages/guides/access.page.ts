import { html } from 'hono/html'
import type { Quota } from '../../../rate-limits/quotas.rules.ts'
import { errorPageUrl } from '../../../shared/errors.ts'
import type { Installation } from '../../installation.ts'
import { type Markup, renderCode } from '../layout.page.ts'

export function renderAuthentication({ settings }: Installation): Markup {
  const minutes = Math.round(settings.LOGIN_WAIT_SECONDS_MAX / 60)
  return html`<p><code>POST /api/users/login</code> answers an access token, which goes with every request as
<code>Authorization: Bearer …</code>. It lasts 24 hours; log in again when a request is answered 401 with a code that begins with
<code>auth.</code>.</p>
<ul>
<li>A change of password ends every token of the account at once; its answer has the next one.</li>
<li>After ${settings.LOGIN_FAILURES_FREE} wrong passwords logins have to wait: 429,
<a href="/docs/errors/auth.too_many_failures"><code>auth.too_many_failures</code></a>, with <code>Retry-After</code>, at most
${minutes} minutes. A client that sends its last access token with the login is not held up by what others tried.</li>
<li>What belongs to somebody else is answered as what is not there: 404.</li>
<li>Pages of browsers may call the API ${describeOrigins(settings.CORS_ORIGINS)}.</li>
</ul>`
}

function describeOrigins(origins: '*' | readonly string[]): string {
  if (origins === '*') return 'from every site'
  if (origins.length === 0) return 'from no other site on this server'
  return `from ${origins.join(', ')}`
}

export function renderLimits({ settings }: Installation): Markup {
  const quotas: readonly (readonly [string, Quota])[] = [
    ['Logins of one address', settings.LOGINS_BY_ADDRESS],
    ['Registrations of one address', settings.REGISTRATIONS_BY_ADDRESS],
    ['Registrations of one e-mail address', settings.REGISTRATIONS_BY_ACCOUNT],
    ['Uploads of one address', settings.UPLOADS_BY_ADDRESS],
    ['Uploads of one account', settings.UPLOADS_BY_ACCOUNT],
  ]
  return html`<div class="table"><table>
<thead><tr><th scope="col">What</th><th scope="col" class="figure">Requests</th><th scope="col" class="figure">in seconds</th></tr></thead>
<tbody>
${quotas.map(
  ([what, { requests, windowSeconds }]) =>
    html`<tr><td>${what}</td><td class="figure">${requests}</td><td class="figure">${windowSeconds}</td></tr>\n`,
)}<tr><td>Inferences of one account that run or wait</td><td class="figure">${settings.JOBS_RUNNING_PER_USER_MAX}</td><td class="figure">at once</td></tr>
</tbody>
</table></div>
<p>Answers of limited requests tell what is left in <code>RateLimit</code> and <code>RateLimit-Policy</code>. Reading has no limit.</p>
<ul>
<li><strong>429 and 503</strong>: wait as many seconds as <code>Retry-After</code> says, and send the same request again. Refused
requests use nothing up, so that waiting always helps.</li>
<li><strong>500, or no answer</strong>: send it again with the same <a href="#idempotency"><code>Idempotency-Key</code></a>, each time after
twice the pause, from a second on.</li>
<li><strong>Every other 4xx</strong>: the same request is refused again. Its message says what to change.</li>
<li>Watching a job once a second is often enough; it costs no tokens.</li>
</ul>`
}

export function renderErrors({ baseUrl }: Installation): Markup {
  return html`<p>Every refusal is JSON of this form. Decide by <code>code</code>: it stays as it is, while messages may be worded anew.</p>
${renderCode(
  `{"success":false,"message":"…","code":"tokens.insufficient","required":2.75,"balance":0.5,"shortfall":2.25,"documentation":"${errorPageUrl(baseUrl, 'tokens.insufficient')}"}`,
  'A refusal',
)}
<p><a href="/docs/errors">Each code has a page</a>, which the answer names as <code>documentation</code>. Whoever asks for help names the
<code>X-Request-Id</code> of the answer: what happened is found by it in the logs.</p>`
}
