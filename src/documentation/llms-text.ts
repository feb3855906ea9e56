import { formatTokens } from '../ledger/amounts.ts'
import { formatPricing } from '../ledger/pricing.ts'
import type { Installation } from './installation.ts'

/** The page for programs that read: what this is, the main job, and where the rest is; in the form of llmstxt.org. */
export function writeLlmsText({ baseUrl, pricePlan, grant, settings }: Installation): string {
  const { dataset_upload: upload, inference } = formatPricing(pricePlan)
  return `# P.A. Inpainting

> An HTTP API that removes what a mask marks from pictures and videos: scratches, text, objects. Work runs as asynchronous jobs over datasets of pictures with masks, and is paid for with tokens; a new account has ${formatTokens(grant)}.

Base URL: ${baseUrl}

Requests and answers are JSON, but for uploads, which are multipart forms. Every route but registering and logging in wants \`Authorization: Bearer TOKEN\`; a token lasts 24 hours. A picture is PNG, JPEG or WebP; its mask has the same size, white where something is to be removed and black elsewhere.

The main job in seven requests:

1. \`POST ${baseUrl}/api/users/user\` with \`{"name":"Mario","surname":"Rossi","email":"mario@example.com","password":"Passw0rd!"}\` registers. 201.
2. \`POST ${baseUrl}/api/users/login\` with \`{"email":"mario@example.com","password":"Passw0rd!"}\`. 200; the access token is \`data.token\`.
3. \`POST ${baseUrl}/api/datasets\` with \`{"name":"My photos"}\`. 201.
4. \`POST ${baseUrl}/api/datasets/data\`, a multipart form with the fields \`datasetName\`, and the files \`image\` and \`mask\`. 200; costs ${upload.single_image} tokens. To try it out: ${baseUrl}/docs/assets/chelsea-scratch.png and ${baseUrl}/docs/assets/chelsea-scratch-mask.png.
5. \`POST ${baseUrl}/api/inferences\` with \`{"datasetName":"My photos"}\`. 201; costs ${inference.single_image} tokens for each picture; keep \`jobId\` and \`inference.id\`.
6. \`GET ${baseUrl}/api/inferences/job/{jobId}/status\` once a second, until \`data.status\` is \`completed\` or \`failed\`.
7. \`GET ${baseUrl}/api/inferences/{inference.id}/results\`; fetch \`data.images[].downloadUrl\` by GET without a token, within ${settings.MEDIA_URL_TTL_SECONDS} seconds; follow redirects. \`data.failures\` says what failed and why.

Errors are \`{"success":false,"message","code","documentation",…}\`. Decide by \`code\`; \`documentation\` is the address of its page. 429 and 503 have \`Retry-After\`: wait, then send the same again. Other 4xx are refused again unless the request is changed. A balance that is too small is a 401 with the code \`tokens.insufficient\`. Send \`Idempotency-Key: UUID\` with each POST that creates or charges, and the same key when you send it again: it takes effect once.

Costs in tokens: picture uploaded ${upload.single_image}, file of an archive ${upload.zip_file}, video frame ${upload.video_frame}; picture repaired ${inference.single_image}, video frame ${inference.video_frame}. What fails is given back. \`GET ${baseUrl}/api/users/tokens\` tells the balance.

## Documentation

- [OpenAPI document](${baseUrl}/openapi.json): every route with its schemas, examples and refusals, OpenAPI 3.1
- [First steps and reference](${baseUrl}/docs): the main job as curl commands, and every route to try out
- [Authentication](${baseUrl}/docs/guides#authentication): access tokens, their end, logins that wait
- [Money](${baseUrl}/docs/guides#money): prices, reservations, refunds
- [Sending a request again](${baseUrl}/docs/guides#idempotency): idempotency keys
- [Videos, archives and large files](${baseUrl}/docs/guides#uploads): forms, parts, uploads that take longer
- [Results and signed URLs](${baseUrl}/docs/guides#results): downloads, formats, how long they last
- [Limits and retries](${baseUrl}/docs/guides#limits): rate limits, what to send again and when
- [Errors](${baseUrl}/docs/errors): every error code, what happened and what to do

## Examples

- [JavaScript](${baseUrl}/docs/assets/repair.mjs): the main job as a program for Node 20, without packages
- [Python](${baseUrl}/docs/assets/repair.py): the same for Python 3.9, without packages

## Optional

- [Health](${baseUrl}/health/ready): whether each part of the service works
`
}
