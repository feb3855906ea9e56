import type { IngestionContext } from '../../src/datasets/uploads/ingestion/ingestion.model.ts'
import { createDatabase } from '../../src/shared/database.ts'
import { interceptDatabase } from './intercept.ts'

/**
 * What happens at the n-th call that a use-case makes of its collaborators, counted from 1: it fails before it took
 * effect, it takes effect and its answer is lost, or the process dies there, so that neither it nor any later call returns.
 */
export interface Fault {
  readonly at: number
  readonly mode: 'fails' | 'answer is lost' | 'dies'
}

export interface Faulty<Context> {
  readonly context: Context
  /** What was called, in order. */
  readonly calls: string[]
  /** Resolves when the process has died. */
  readonly died: Promise<'died'>
}

type Call = () => unknown

/** The same context, whose store, database, ledger, queue and inference service suffer one fault. */
export function withFault<Context extends IngestionContext>(
  context: Context,
  fault: Fault,
): Faulty<Context> {
  const calls: string[] = []
  const death = Promise.withResolvers<'died'>()
  let isDead = false

  async function suffer(name: string, call: Call, broken: () => unknown): Promise<unknown> {
    if (isDead) return new Promise(() => undefined)
    calls.push(name)
    if (calls.length !== fault.at) return call()
    if (fault.mode === 'dies') {
      isDead = true
      death.resolve('died')
      return new Promise(() => undefined)
    }
    if (fault.mode === 'answer is lost') await drop(await call())
    return broken()
  }

  /** A body that nobody reads would hold its connection. */
  async function drop(answer: unknown): Promise<void> {
    if (typeof answer !== 'object' || answer === null || !('body' in answer)) return
    if (answer.body instanceof ReadableStream) await answer.body.cancel()
  }

  const sufferOrThrow = (name: string, call: Call) =>
    suffer(name, call, () => {
      throw new Error(`${name} failed, as the test wants it`)
    })

  /** Its methods of these names, or all; what they return goes through `wrapResult`. */
  function wrap<Target extends object>(
    target: Target,
    name: string,
    { only, wrapResult }: { only?: string[]; wrapResult?: (result: unknown) => unknown } = {},
  ): Target {
    return new Proxy(target, {
      get(_, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        if (only && !only.includes(String(key))) return value.bind(target)
        return async (...parameters: unknown[]) => {
          const result = await sufferOrThrow(`${name}.${String(key)}`, () =>
            Reflect.apply(value, target, parameters),
          )
          return wrapResult ? wrapResult(result) : result
        }
      },
    })
  }

  function wrapMedia(): Context['media'] {
    const { media } = context
    const parts = (result: unknown) =>
      typeof result === 'object' && result !== null && ('complete' in result || 'write' in result)
        ? wrap(result, 'multipart', { only: ['write', 'uploadPart', 'complete', 'abort'] })
        : result
    return {
      ...wrapAll(media, 'media', parts),
      async *list(...parameters) {
        const objects = await sufferOrThrow('media.list', async () =>
          Array.fromAsync(media.list(...parameters)),
        )
        yield* objects as Awaited<ReturnType<typeof Array.fromAsync<never>>>
      },
    }
  }

  function wrapAll<Target extends object>(
    target: Target,
    name: string,
    wrapResult?: (result: unknown) => unknown,
  ): Target {
    const wrapped = wrap(target, name, wrapResult ? { wrapResult } : {})
    return Object.fromEntries(
      Object.keys(target).map((key) => [key, Reflect.get(wrapped, key)]),
    ) as Target
  }

  function wrapDatabase(): Context['database'] {
    return createDatabase(
      interceptDatabase(context.database.raw, ({ method }, ask) =>
        sufferOrThrow(`database.${method}`, ask),
      ),
    )
  }

  /** Its calls never throw: they tell that the service broke off. */
  function wrapService(): Context['serviceCall'] {
    const { serviceCall } = context
    const brokenOff = () => ({ kind: 'broken', reason: 'the line was cut' })
    const call = (name: 'postJson' | 'postLines', parameters: unknown[]) =>
      suffer(
        `service.${name}`,
        () => Reflect.apply(serviceCall[name], serviceCall, parameters),
        brokenOff,
      )
    return {
      postJson: (...parameters: unknown[]) => call('postJson', parameters),
      postLines: (...parameters: unknown[]) => call('postLines', parameters),
    } as Context['serviceCall']
  }

  return {
    context: {
      ...context,
      media: wrapMedia(),
      database: wrapDatabase(),
      ledger: wrapAll(context.ledger, 'ledger'),
      serviceCall: wrapService(),
      sendUploads: (...sent) =>
        sufferOrThrow('queue.send', () => context.sendUploads(...sent)) as Promise<void>,
    },
    calls,
    died: death.promise,
  }
}
