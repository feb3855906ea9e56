declare module 'newman' {
  interface Options {
    readonly collection: string
    readonly environment?: string
    readonly envVar?: readonly { readonly key: string; readonly value: string }[]
    readonly workingDir?: string
    /** Whether files outside of the working folder may be sent. */
    readonly insecureFileRead?: boolean
  }

  interface Execution {
    readonly item: { readonly name: string }
    readonly request: { readonly method: string; readonly url: { toString(): string } }
    /** Missing where no answer came. */
    readonly response?: {
      readonly code: number
      readonly headers: { get(name: string): string | undefined }
      text(): string
    }
  }

  interface Count {
    readonly total: number
    readonly failed: number
  }

  export interface Summary {
    readonly run: {
      readonly stats: Readonly<Record<'requests' | 'assertions' | 'testScripts', Count>>
      readonly failures: readonly {
        readonly error: { readonly name: string; readonly message: string; readonly test?: string }
        readonly source?: { readonly name?: string }
      }[]
      readonly executions: readonly Execution[]
    }
  }

  const newman: {
    run(options: Options, whenDone: (error: Error | null, summary: Summary) => void): unknown
  }
  export default newman
}
