import { type Import, scanImports } from './import-scan.ts'
import type { SourceFile } from './repository.ts'

/** What breaks a rule, as a sentence. */
type Rule = (imports: readonly Import[], files: readonly SourceFile[]) => string[]

const featureOf = (file: string) => /^src\/([^/]+)\//.exec(file)?.[1]

/** A feature that stands alone: it takes from `shared/` and from itself. */
function standsAlone(feature: string): Rule {
  return (imports) =>
    imports
      .filter(({ from }) => featureOf(from) === feature)
      .filter(({ to }) => ![undefined, feature, 'shared'].includes(featureOf(to)))
      .map(({ from, to }) => `${from} imports ${to}: ${feature}/ imports no other feature`)
}

const mayUseHono = [
  /\.(declarations|page|routes|schemas)\.ts$/,
  /\/require-[\w-]+\.ts$/,
  /^src\/idempotency\/answer-once\.ts$/,
  /^src\/(app|router)\.ts$/,
  /^src\/shared\/(error-renderer|route-declaration|validation)\.ts$/,
]

const honoStaysAtTheDoor: Rule = (imports) =>
  imports
    .filter(({ from, to }) => from.startsWith('src/') && /^(hono|@hono)(\/|$)/.test(to))
    .filter(({ from }) => !mayUseHono.some((pattern) => pattern.test(from)))
    .map(
      ({ from, to }) =>
        `${from} imports ${to}: only routes, schemas, pages and middleware know hono`,
    )

const isPure = (file: string) =>
  /^src\/.*(\.rules|\.lifecycle|\/pricing|\/keys|\/pairing)\.ts$/.test(file)

/** Modules that talk to something, by the name of the file or of the package. */
const actsOutside = [
  /\.(repository|client|object|consumer|queue|routes|store|outbox|delivery|projection|table)\.ts$/,
  /^src\/(app|index|router|services|config)\.ts$/,
  /^src\/shared\/(database|logger|error-renderer)\.ts$/,
  /^(cloudflare:|node:|hono|@hono\/|drizzle-orm|aws4fetch|busboy|jose|@noble\/|@jsquash\/)/,
]

/** Globals that bring time, chance or the world in. */
const impure =
  /\b(fetch\(|Date\.now\(|new Date\(\)|Math\.random\(|crypto\.(randomUUID|getRandomValues|subtle)|console\.|process\.env)/

const rulesArePure: Rule = (imports, files) => {
  const valueImports = imports.filter(({ isTypeOnly }) => !isTypeOnly)
  const reached = (start: string) => {
    const seen = new Set([start])
    for (const file of seen) {
      for (const { from, to } of valueImports) if (from === file) seen.add(to)
    }
    return [...seen]
  }
  return files
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, text }) => [
      ...reached(path)
        .filter((to) => actsOutside.some((pattern) => pattern.test(to)))
        .map((to) => `${path} reaches ${to}: rules are pure`),
      ...(impure.exec(text)?.slice(0, 1) ?? []).map(
        (found) => `${path} uses ${found}: time, chance and the world are passed in`,
      ),
    ])
}

const featuresImportNoMap: Rule = (imports) =>
  imports
    .filter(({ from, to }) => featureOf(from) && /^src\/(app|index)\.ts$/.test(to))
    .map(({ from, to }) => `${from} imports ${to}: the map knows the features, not they the map`)

const sharedIsForAll: Rule = (imports) =>
  imports
    .filter(({ from }) => featureOf(from) === 'shared')
    .filter(({ to }) => to.startsWith('src/') && featureOf(to) !== 'shared')
    .map(({ from, to }) => `${from} imports ${to}: shared/ imports no feature`)

export const importRules = {
  'shared/ imports no feature': sharedIsForAll,
  'ledger/ imports no other feature': standsAlone('ledger'),
  'media/ imports no other feature': standsAlone('media'),
  'hono stays in routes, schemas and middleware': honoStaysAtTheDoor,
  'rules, prices, keys and life cycles touch nothing outside': rulesArePure,
  'no feature imports the map of the API': featuresImportNoMap,
} satisfies Record<string, Rule>

/** Every broken rule of these files, each once. */
export function findBrokenImportRules(
  name: keyof typeof importRules,
  files: readonly SourceFile[],
): string[] {
  return [...new Set(importRules[name](files.flatMap(scanImports), files))]
}
