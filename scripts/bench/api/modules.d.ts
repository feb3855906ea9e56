/** What the Workers of the bench import: scripts are checked with the types of Node. */
declare module 'cloudflare:workers' {
  export class DurableObject {}
}

/** The built Worker, beside which `counted.worker.mjs` is put. */
declare module '*/index.js' {
  const worker: {
    fetch(request: Request, env: object, context: unknown): Promise<Response>
  }
  export default worker
}

declare module 'autocannon' {
  interface Run {
    on(event: 'start', listener: () => void): void
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void,
    ): void
  }
  export default function autocannon(
    options: object,
    whenDone: (error: Error | null, result: { errors: number }) => void,
  ): Run
}
