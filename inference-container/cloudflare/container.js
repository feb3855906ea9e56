import { DurableObject } from 'cloudflare:workers'

const port = 8788
const idleMs = 10 * 60 * 1000
const startMsMax = 60 * 1000

/** Passes each request to one of the containers. Their own token check decides who may ask for what. */
export default {
  async fetch(request, env) {
    const number = Math.floor(Math.random() * Number(env.INSTANCES))
    return env.CONTAINERS.getByName(`inference-${number}`).fetch(request)
  },
}

/** One container of the inference service, started when it is asked for and stopped when nobody asks. */
export class InferenceContainer extends DurableObject {
  async fetch(request) {
    const { container } = this.ctx
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
    const deadline = Date.now() + startMsMax
    // A body can be sent once: who it is for must listen first.
    while (!(await this.#listens(target))) {
      if (Date.now() > deadline) return answerNotReady()
      await scheduler.wait(250)
    }
    return target.fetch(request)
  }

  async #listens(target) {
    try {
      const answer = await target.fetch('http://container/health')
      await answer.body?.cancel()
      return true
    } catch {
      return false
    }
  }
}

function answerNotReady() {
  const error = { code: 'service.not_ready', message: 'The service is starting. Send the request again.' }
  return Response.json({ error }, { status: 503, headers: { 'Retry-After': '5' } })
}
