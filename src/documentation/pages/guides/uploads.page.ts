import { html } from 'hono/html'
import type { Installation } from '../../installation.ts'
import { type Markup, renderCode } from '../layout.page.ts'

/** Bytes as people read them, in decimal units: 95 MB. */
function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`
}

export function renderUploads({ settings }: Installation): Markup {
  return html`<p><code>POST /api/datasets/data</code> takes pictures (PNG, JPEG, WebP), videos (mp4, mov, avi, mkv, webm) and ZIP archives of both. A
file’s kind is decided by its bytes. A mask has its picture’s size; white is what goes.</p>
<h3>Videos</h3>
<p>With a mask that is a picture, or a video whose mask moves with it. A mask of another size is scaled. One frame a second becomes an item; <code>fps=source</code> takes every
frame, and the result then has the source’s times and its sound.</p>
${renderCode(
  `curl -sO "$API/docs/assets/film.mp4" -O "$API/docs/assets/logo-mask.png"
curl -sw '\\n' "$API/api/datasets/data" -H "$AUTH" -F 'datasetName=My photos' -F fps=2 \\
  -F image=@film.mp4 -F mask=@logo-mask.png`,
  'Commands: a video',
)}
<h3>Archives</h3>
<p>Folders at any depth. A file whose name contains <code>mask</code> is one; pairs match by their number, as
<code>image_10.png</code> and <code>mask_10.png</code>. Nothing goes into <code>mask</code> of the form. <code>upload.report</code> of the answer says of every
file what became of it, and why.</p>
${renderCode(
  `curl -sO "$API/docs/assets/pairs.zip"
curl -sw '\\n' "$API/api/datasets/data" -H "$AUTH" -F 'datasetName=My photos' -F image=@pairs.zip`,
  'Commands: an archive',
)}
<h3>What takes longer</h3>
<p>An archive or a video that is not done within 20 seconds is answered <strong>202</strong>. Ask the address in <code>Location</code> until
<code>upload.status</code> is <code>COMPLETED</code> or <code>FAILED</code>. <code>Prefer: respond-async</code> does not wait at all,
<code>Prefer: wait=5</code> five seconds.</p>
<h3>Large files</h3>
<p>A form holds ${formatBytes(settings.UPLOAD_BYTES_MAX)}, a picture ${formatBytes(settings.PICTURE_BYTES_MAX)} and
${settings.PICTURE_PIXELS_MAX / 1e6} million pixels, a mask ${formatBytes(settings.MASK_BYTES_MAX)}. Files up to
${formatBytes(settings.FILE_BYTES_MAX)} are sent in parts:</p>
<ol>
<li><code>POST /api/uploads</code> with <code>{"fileName":"film.mp4","bytes":734003200}</code>. The answer has <code>partBytes</code>, and for each
part its <code>number</code>, <code>bytes</code> and a signed <code>url</code>.</li>
<li><code>PUT</code> each part’s bytes to its <code>url</code>, several at once if you like. No access token goes with them.</li>
<li>Interrupted? <code>GET /api/uploads/{id}</code> says which parts are missing, with new URLs. A file waits
${settings.FILE_UPLOAD_TTL_HOURS} hours to be used.</li>
<li><code>POST /api/datasets/data</code> with <code>{"datasetName":"My photos","image":"the file’s id","mask":"the mask’s id"}</code>.</li>
</ol>`
}

export function renderResults({ settings }: Installation): Markup {
  const hours = settings.MEDIA_URL_TTL_SECONDS / 3600
  const lifetime = hours === 1 ? 'an hour' : `${settings.MEDIA_URL_TTL_SECONDS} seconds`
  return html`<p><code>GET /api/inferences/{id}/results</code> lists every item with its <code>status</code>, and a <code>downloadUrl</code> for
what succeeded; <code>failures</code> says why others did not. It can be asked as soon as the job has completed.</p>
<ul>
<li>A <code>downloadUrl</code> is signed: whoever has it can fetch that one file by <code>GET</code>, without an access token, for ${lifetime}. Do not
store it; ask for the results again, and you get a new one.</li>
<li>Follow redirects (<code>curl -L</code>): a server may answer from its storage directly.</li>
<li><code>ETag</code> and <code>Range</code> work, so that broken downloads go on.</li>
<li><code>GET /api/inferences/{id}/results.zip</code> has every result in one file, with a <code>manifest.json</code>.</li>
<li>Results are PNG unless <code>"parameters":{"outputFormat":"jpg"}</code> says otherwise (<code>webp</code>, <code>source</code>). Outside the mask a PNG has the very
pixels of its source.</li>
<li><code>GET /api/models</code> tells which models there are, what each is good for, and its own parameters.</li>
<li>Results stay until you delete them, whatever becomes of their dataset. A deleted dataset’s own pictures go
${settings.DATASET_RETENTION_DAYS} days later.</li>
</ul>`
}
