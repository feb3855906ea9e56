import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { allErrors } from '../../src/documentation/errors/all-errors.ts'
import type { ApiDocument } from '../../src/documentation/openapi/create-document.ts'
import { formatPricing } from '../../src/ledger/pricing.ts'
import { app, services } from '../support/world.ts'

const own = new URL(services.settings.PUBLIC_BASE_URL)
const get = (address: string, headers: Record<string, string> = {}) =>
  app.request(address, { headers }, env)
const read = async (address: string) => (await get(address)).text()

const pages = ['/docs', '/docs/guides', '/docs/errors', '/docs/errors/tokens.insufficient']

interface Seen {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** Everything that can be reached from the first page by links and loads on this server, by address without its anchor. */
async function crawl(): Promise<{ seen: Map<string, Seen>; anchors: Set<string> }> {
  const seen = new Map<string, Seen>()
  const anchors = new Set<string>()
  const waiting = ['/docs']
  for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
    if (seen.has(address)) continue
    const answer = await get(address)
    const type = answer.headers.get('content-type') ?? ''
    const bytes = await answer.arrayBuffer()
    const text = /^image\/(?!svg)/.test(type) ? '' : new TextDecoder().decode(bytes)
    seen.set(address, { status: answer.status, type, text })
    if (!/html|markdown/.test(type)) continue
    for (const target of listTargets(text, address)) {
      anchors.add(target)
      waiting.push(target.split('#')[0] ?? '')
    }
  }
  return { seen, anchors }
}

/** What a page or a text links or loads on this server, as path and anchor. */
function listTargets(text: string, address: string): string[] {
  const found = [...text.matchAll(/(?:href|src)="([^"]*)"|\]\(([^)\s]+)\)/g)]
  return found
    .map(([, attribute, link]) => new URL(attribute ?? link ?? '', new URL(address, own)))
    .filter(({ origin }) => origin === own.origin)
    .map(({ pathname, hash }) => pathname + hash)
}

const hasAnchor = (page: Seen | undefined, anchor: string) =>
  page?.text.includes(` id="${anchor}"`) ?? false

describe('the pages', () => {
  let seen: Map<string, Seen>
  let anchors: Set<string>
  beforeAll(async () => {
    ;({ seen, anchors } = await crawl())
  })

  it('link and load nothing on this server that does not answer', () => {
    const missing = [...seen].filter(([, { status }]) => status !== 200)
    // Health is what it is: without an inference service a 503.
    expect(missing.map(([address]) => address).filter((it) => it !== '/health/ready')).toEqual([])
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['/openapi.json', '/llms.txt']))
    expect(seen.size).toBeGreaterThan(allErrors.length)
  })

  it('link no place of a page that is not there', () => {
    const places = [...anchors].filter((target) => /#[^/]/.test(target))
    const missing = places.filter((target) => {
      const [address = '', anchor = ''] = target.split('#')
      return !hasAnchor(seen.get(address), anchor)
    })
    expect(missing).toEqual([])
    expect(places.length).toBeGreaterThan(10)
  })

  it('link routes where the reference has them', () => {
    const { paths } = JSON.parse(seen.get('/openapi.json')?.text ?? '') as ApiDocument
    const places = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(
        ({ tags = [], operationId }) =>
          `/docs#/${encodeURIComponent(tags[0] ?? '')}/${operationId}`,
      ),
    )
    const linked = [...anchors].filter((target) => target.includes('#/'))
    expect(linked.filter((target) => !places.includes(target))).toEqual([])
    expect(linked.length).toBeGreaterThan(5)
  })

  it('name each place of a page once', () => {
    for (const [address, { text, type }] of seen) {
      if (!type.includes('html')) continue
      const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size, address).toBe(ids.length)
    }
  })

  it('load nothing from elsewhere, and neither does what they load', () => {
    const loads = [...seen].flatMap(([address, { text, type }]) => {
      if (type.includes('html')) {
        const loading = /<(?!a[ >])[a-z]+[^>]*?(?:href|src|srcset|action)="([^"]*)"/g
        return [...text.matchAll(loading)].map(([, target]) => ({ address, target: target ?? '' }))
      }
      if (address === '/docs/assets/reference.js') {
        return [...text.matchAll(/https?:[^'"`]*|fetch\('([^']*)/g)].map(([whole, target]) => ({
          address,
          target: target ?? whole,
        }))
      }
      if (!type.includes('css')) return []
      const loading = /url\(\s*["']?([^"')]*)|@import\s+["']?([^"';]*)/g
      return [...text.matchAll(loading)].map(([, url, sheet]) => ({
        address,
        target: url ?? sheet ?? '',
      }))
    })
    expect(loads.length).toBeGreaterThan(100)
    expect(loads.filter(({ target }) => !/^(\/(?!\/)|data:)/.test(target))).toEqual([])
  })

  it('run no script and have no style between their lines', () => {
    for (const [address, { text, type }] of seen) {
      if (!type.includes('html')) continue
      expect(text, address).not.toMatch(/<script(?![^>]* src=)|<style| style="| on[a-z]+="/)
    }
  })

  it.each(pages)('%s is a page that may load from this server alone', async (address) => {
    const { status, headers } = await get(address)
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(policy.includes('script-src')).toBe(address === '/docs')
    expect(headers.get('permissions-policy')).toContain('camera=()')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
  })

  it('answer with and without a slash at their end', async () => {
    for (const address of pages) expect(await read(`${address}/`)).toBe(await read(address))
  })

  it('name the address, the prices and the grant of this server', async () => {
    const { dataset_upload: upload, inference } = formatPricing(services.pricePlan)
    const steps = await read('/docs')
    expect(steps).toContain(`API=${own.origin}\n`)
    expect(steps).toContain(`costs ${upload.single_image} tokens`)
    expect(steps).toContain(`costs ${inference.single_image} tokens`)
    expect(steps).toContain('96.6 tokens are left')
    const guides = await read('/docs/guides')
    for (const price of [...Object.values(upload), ...Object.values(inference)]) {
      expect(guides).toContain(`<td class="figure">${price}</td>`)
    }
  })
})

describe('the page of an error', () => {
  it.each(allErrors)('$code says what happened and what to do', async ({ code, status }) => {
    const answer = await get(`/docs/errors/${code}`)
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expect(text).toContain(`<h1><code>${code}</code></h1>`)
    if (status !== null) expect(text).toContain(`Status ${status}`)
    expect(text).toContain('href="/docs/errors"')
    expect(text).not.toContain('<p></p>')
    expect(text).not.toContain('`')
  })

  it('is there for every code of the index, under its heading', async () => {
    const index = await read('/docs/errors')
    const listed = [...index.matchAll(/href="\/docs\/errors\/([^"]+)"/g)].map(([, code]) => code)
    expect(listed).toEqual(allErrors.map(({ code }) => code))
  })

  it('of an unknown code is a 404 that leads to the index, and repeats nothing as markup', async () => {
    const answer = await get(`/docs/errors/${encodeURIComponent('<img src=x>')}`)
    const text = await answer.text()
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8')
    expect(text).toContain('&lt;img src=x&gt;')
    expect(text).not.toContain('<img src=x>')
    expect(text).toContain('href="/docs/errors"')
  })

  it('links the routes that may answer it', async () => {
    const text = await read('/docs/errors/tokens.insufficient')
    expect(text).toContain('href="/docs#/Inferences/startInference"')
    expect(await read('/docs/errors/server.internal')).toMatch(/In answers of \d\d routes/)
  })

  it('is where a refusal says that it is', async () => {
    const refusal = (await (await get('/api/users/profile')).json()) as { documentation: string }
    expect((await get(new URL(refusal.documentation).pathname)).status).toBe(200)
  })
})

describe('llms.txt', () => {
  it('has a title, a summary and sections of links, all on this server', async () => {
    const answer = await get('/llms.txt')
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
    expect(text).toMatch(/^# P\.A\. Inpainting\n\n> [^\n]+\n\n/)
    const links = [...text.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((link) => !link.startsWith(`${own.origin}/`))).toEqual([])
    const sections = text.split(/^## /m).slice(1)
    expect(sections.map((section) => section.split('\n')[0])).toContain('Optional')
  })

  it('tells the main job by requests that the document has', async () => {
    const text = await read('/llms.txt')
    const { paths } = (await (await get('/openapi.json')).json()) as ApiDocument
    const told = [...text.matchAll(/`(GET|POST) http:\/\/[^/]+(\/[^`]*)`/g)]
    expect(told.length).toBeGreaterThan(6)
    for (const [, method = '', path = ''] of told) {
      const named = path.replace('{inference.id}', '{id}')
      expect(Object.keys(paths[named] ?? {}), path).toContain(method.toLowerCase())
    }
  })
})

describe('an asset', () => {
  it('is not sent again to who has it', async () => {
    const first = await get('/docs/assets/page.css')
    const etag = first.headers.get('etag') ?? ''
    expect([first.status, first.headers.get('content-type')]).toEqual([
      200,
      'text/css; charset=utf-8',
    ])
    const again = await get('/docs/assets/page.css', { 'if-none-match': etag })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it.each(['nothing.css', '..%2f..%2fsecrets', 'a%00b', 'swagger-ui.css.map'])(
    '%s is none, and is refused as JSON',
    async (file) => {
      const answer = await get(`/docs/assets/${file}`)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'request.route_not_found' })
    },
  )

  it('has the headers of safety, and no page’s rights', async () => {
    const { headers } = await get('/docs/assets/swagger-ui-bundle.js')
    expect(headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain('script-src')
  })
})

describe('what is no page', () => {
  it.each(['/docs/nothing', '/docs/assets', '/api/docs', '/api/nothing', '/index.html'])(
    '%s is refused as JSON',
    async (address) => {
      const answer = await get(address)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({
        success: false,
        code: 'request.route_not_found',
      })
    },
  )
})
