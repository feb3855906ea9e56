/** What a deployment may bind: the Worker of the same account that runs the inference service in containers. */
interface MaybeBound {
  readonly INFERENCE?: Pick<Fetcher, 'fetch'>
}

/**
 * How the inference service is reached: by its Worker where one is bound, else over the network. A Worker cannot fetch
 * another of its account by a workers.dev address, and one that is bound needs no public address at all.
 */
export function fetchOfService(env: object, overNetwork: typeof fetch): typeof fetch {
  const { INFERENCE } = env as MaybeBound
  if (!INFERENCE) return overNetwork
  return (input, init) => INFERENCE.fetch(input, init)
}
