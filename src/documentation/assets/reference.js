/* Shows the document of this server in the element that waits for it. */
const place = document.getElementById('swagger-ui')
const darkness = matchMedia('(prefers-color-scheme: dark)')
const followDarkness = () =>
  document.documentElement.classList.toggle('dark-mode', darkness.matches)

darkness.addEventListener('change', followDarkness)
followDarkness()
show().catch(() => {
  place.textContent =
    'The document could not be loaded. Load the page again, or read /openapi.json.'
})

async function show() {
  const answer = await fetch('/openapi.json')
  const spec = await answer.json()
  // What is tried out is sent to the host that the page came from, by whichever of its names: no other may be asked.
  spec.servers = [{ url: location.origin }]
  leaveHeadersEmpty(spec)
  SwaggerUIBundle({
    spec,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: 'BaseLayout',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  })
}

/** A header's example would be filled in and sent: one Idempotency-Key for all requests, for instance. */
function leaveHeadersEmpty({ paths }) {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  for (const header of operations.flatMap(({ parameters = [] }) => parameters)) {
    if (header.in !== 'header') continue
    delete header.example
    delete header.examples
    delete header.schema?.example
    delete header.schema?.examples
  }
}
