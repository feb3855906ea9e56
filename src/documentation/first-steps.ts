import { createAmount, formatTokens } from '../ledger/amounts.ts'
import { priceInference, priceUpload } from '../ledger/pricing.ts'
import type { Installation } from './installation.ts'

export interface Step {
  readonly title: string
  /** What is done, and what is to be seen then. */
  readonly text: string
  /** For a shell with curl and sed; it uses what the commands before it have set. */
  readonly command: string
}

/** What one pair costs from the upload to the result, and what a new account has left then, in tokens. */
export function priceOnePair({ pricePlan, grant }: Pick<Installation, 'pricePlan' | 'grant'>) {
  const upload = priceUpload(pricePlan, { kind: 'image-pair', count: 1 })
  const { total } = priceInference(pricePlan, { images: 1, frames: 0 })
  return {
    grant: formatTokens(grant),
    upload: formatTokens(upload),
    inference: formatTokens(total),
    left: formatTokens(createAmount(grant - upload - total)),
  }
}

/** From nothing to a repaired picture, in the order in which it is done. */
export function listFirstSteps({
  baseUrl,
  ...plan
}: Omit<Installation, 'settings'>): readonly Step[] {
  const { grant, upload, inference, left } = priceOnePair(plan)
  return [
    {
      title: 'Take the sample',
      text: 'A scratched photo, and its mask: a picture of the same size, white where something is to go and black elsewhere.',
      command: `API=${baseUrl}
JSON='Content-Type: application/json'
curl -sO "$API/docs/assets/chelsea-scratch.png"
curl -sO "$API/docs/assets/chelsea-scratch-mask.png"`,
    },
    {
      title: 'Register',
      text: `With any name, e-mail address and password. You are given ${grant} tokens.`,
      command: `EMAIL="mario-$(date +%s)-$$@example.com"
curl -sw '\\n' "$API/api/users/user" -H "$JSON" \\
  -d '{"name":"Mario","surname":"Rossi","email":"'$EMAIL'","password":"Passw0rd!"}'`,
    },
    {
      title: 'Log in',
      text: 'The answer’s data.token is your access token. Every request from here on carries it.',
      command: `TOKEN=$(curl -s "$API/api/users/login" -H "$JSON" \\
  -d '{"email":"'$EMAIL'","password":"Passw0rd!"}' |
  sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p')
AUTH="Authorization: Bearer $TOKEN"
echo "$AUTH"`,
    },
    {
      title: 'Make a dataset, and put the pair into it',
      text: `A dataset holds pictures with their masks. The upload costs ${upload} tokens, and its answer says so.`,
      command: `curl -sw '\\n' "$API/api/datasets" -H "$AUTH" -H "$JSON" -d '{"name":"My photos"}'
curl -sw '\\n' "$API/api/datasets/data" -H "$AUTH" -F 'datasetName=My photos' \\
  -F image=@chelsea-scratch.png -F mask=@chelsea-scratch-mask.png`,
    },
    {
      title: 'Start',
      text: `An inference repairs every picture of the dataset. It costs ${inference} tokens for each; what fails is given back.`,
      command: `JOB=$(curl -s "$API/api/inferences" -H "$AUTH" -H "$JSON" \\
  -d '{"datasetName":"My photos"}')
JOB_ID=$(echo "$JOB" | sed -n 's/.*"jobId":\\([0-9]*\\).*/\\1/p')
ID=$(echo "$JOB" | sed -n 's/.*"inference":{"id":"\\([^"]*\\)".*/\\1/p')
echo "$JOB"`,
    },
    {
      title: 'Watch',
      text: 'It answers at once how far the job is; a second later it has completed.',
      command: `while curl -sw '\\n' "$API/api/inferences/job/$JOB_ID/status" -H "$AUTH" |
  tee status.json | grep -qE '"status":"(waiting|active)"'; do sleep 1; done
cat status.json`,
    },
    {
      title: 'Download, and look',
      text: 'The result has a signed URL, which needs no access token. Open repaired.png: the scratches are gone, and nothing else has changed.',
      command: `URL=$(curl -s "$API/api/inferences/$ID/results" -H "$AUTH" |
  sed -n 's/.*"downloadUrl":"\\([^"]*\\)".*/\\1/p')
curl -sL -o repaired.png "$URL"
ls -l repaired.png`,
    },
    {
      title: 'See what it cost',
      text: `${grant} − ${upload} − ${inference}: ${left} tokens are left.`,
      command: `curl -sw '\\n' "$API/api/users/tokens" -H "$AUTH"`,
    },
  ]
}
