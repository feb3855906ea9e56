import { DurableObject } from 'cloudflare:workers'

/** Variables and secrets of wrangler.toml beside this file. */
interface ContainerSettings {
  readonly INFERENCE_SECRET: string
  readonly INFERENCE_SECRET_PREVIOUS?: string
  readonly INFERENCE_MEDIA_ORIGINS: string
}

interface FrontSettings {
  readonly CONTAINERS: Pick<DurableObjectNamespace<InferenceContainer>, 'getByName'>
  /** How many containers there are. */
  readonly INSTANCES: string
}

const port = 8788
const idleMs = 10 * 60 * 1000
const startMsMax = 60 * 1000
const startPauseMs = 250

/** Passes each request to one of the containers. Their own token check decides who may ask for what. */
export default {
  async fetch(request: Request, env: FrontSettings): Promise<Response> {
    const number = Math.floor(Math.random() * Number(env.INSTANCES))
    return env.CONTAINERS.getByName(`inference-${number}`).fetch(request)
  },
}

/** One container of the inference service, started when it is asked for and stopped when nobody asks. */
export class InferenceContainer extends DurableObject<ContainerSettings> {
  override async fetch(request: Request): Promise<Response> {
    const { container } = this.ctx
    if (!container) return answerNotReady()
    if (!container.running) {
      const { INFERENCE_SECRET, INFERENCE_SECRET_PREVIOUS = '', INFERENCE_MEDIA_ORIGINS } = this.env
      container.start({
        // Pictures are read from, and results written to, the media origins.
        enableInternet: true,
        env: { INFERENCE_SECRET, INFERENCE_SECRET_PREVIOUS, INFERENCE_MEDIA_ORIGINS },
      })
    }
    await container.setInactivityTimeout(idleMs)
    const target = container.getTcpPort(port)
    const deadlineMs = Date.now() + startMsMax
    // A body can be sent once: who it is for must listen first.
    while (!(await isListening(target))) {
      if (Date.now() > deadlineMs) return answerNotReady()
      await scheduler.wait(startPauseMs)
    }
    return target.fetch(request)
  }
}

async function isListening(target: Fetcher): Promise<boolean> {
  try {
    const answer = await target.fetch('http://container/health')
    await answer.body?.cancel()
    return true
  } catch {
    return false
  }
}

/** The API takes it for a service that is busy, and its queue does the waiting. */
function answerNotReady(): Response {
  const error = {
    code: 'service.not_ready',
    message: 'The service is starting. Send the request again.',
  }
  return Response.json({ error }, { status: 503, headers: { 'Retry-After': '5' } })
}
