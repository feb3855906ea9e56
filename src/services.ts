import { readSettingsOrThrow, type Settings } from './config.ts'
import { orphanDatasetsOf } from './datasets/datasets.repository.ts'
import {
  createSendUploads,
  type SendUploads,
} from './datasets/uploads/ingestion/ingestions.queue.ts'
import { createServiceCall, type ServiceCall } from './inference-service/service-call.ts'
import { fetchOfService } from './inference-service/service-fetch.ts'
import { createAbortAllOf } from './inferences/abort-inference.ts'
import { createSettleInference, type SettleInference } from './inferences/settle-inference.ts'
import {
  createInferenceServiceClient,
  type InferenceServiceClient,
} from './inferences/tasks/inference-service.client.ts'
import { createSendTasks, type SendTasks } from './inferences/tasks/tasks.queue.ts'
import { createLedgerClient, type LedgerClient } from './ledger/ledger.client.ts'
import type { PricePlan } from './ledger/pricing.ts'
import { createPresignedUrls, type PresignedUrls } from './media/presigned.ts'
import { createSignedUrls, type SignedUrls } from './media/signed-urls.ts'
import { createMediaStore, type MediaStore } from './media/store.ts'
import { createModelCatalogue, type ModelCatalogue } from './models/models.client.ts'
import { createReadiness } from './operations/readiness.ts'
import { createRateLimits, type RateLimits } from './rate-limits/rate-limits.client.ts'
import { createScopeNames } from './rate-limits/scope-names.ts'
import { type Clock, systemClock } from './shared/clock.ts'
import { createDatabase, type Database } from './shared/database.ts'
import { type CreateId, createRandomId } from './shared/ids.ts'
import { createLogger, type Logger } from './shared/logger.ts'
import { type AccessTokens, createAccessTokens } from './users/access-tokens.ts'
import { createLoginGuard, type LoginGuard } from './users/login-guard.client.ts'
import type { LoginPolicy } from './users/login-guard.rules.ts'
import { createPasswordHasher, type PasswordHasher, passwordParameters } from './users/passwords.ts'

/** Everything that use-cases are given. */
export interface Services {
  readonly settings: Settings
  readonly clock: Clock
  readonly createId: CreateId
  readonly logger: Logger
  readonly database: Database
  readonly passwords: PasswordHasher
  readonly accessTokens: AccessTokens
  readonly rateLimits: RateLimits
  readonly loginGuard: LoginGuard
  readonly ledger: LedgerClient
  readonly pricePlan: PricePlan
  readonly media: MediaStore
  readonly signedUrls: SignedUrls
  readonly presignedUrls: PresignedUrls
  readonly serviceCall: ServiceCall
  readonly service: InferenceServiceClient
  readonly models: ModelCatalogue
  readonly sendTasks: SendTasks
  readonly sendUploads: SendUploads
  readonly settleInference: SettleInference
  readonly gramsPerJoule: number
  readonly readiness: ReturnType<typeof createReadiness>
  readonly abortInferencesOf: (owner: { userId: string }) => Promise<void>
  readonly orphanDatasetsOf: (owner: { userId: string; nowMs: number }) => D1PreparedStatement
}

const joulesPerKilowattHour = 3_600_000

/** What comes from outside and is no binding: time, chance, the network and the log. */
export interface Outside {
  readonly clock: Clock
  readonly createId: CreateId
  readonly sleep: (ms: number) => Promise<void>
  readonly fetch: typeof fetch
  readonly logger: Logger
}

function createOutside(): Outside {
  return {
    clock: systemClock,
    createId: createRandomId,
    sleep: (ms) => scheduler.wait(ms),
    fetch: (...request) => fetch(...request),
    logger: createLogger(),
  }
}

/** The one composition root: what exists, and what each part gets. */
export function createServices(env: Env, outside: Outside = createOutside()): Services {
  const settings = readSettingsOrThrow({ ...env })
  const { clock, createId, logger } = outside
  const nameScope = createScopeNames(settings.JWT_SECRET)
  const database = createDatabase(env.DB)
  const ledger = createLedgerClient(env.TOKEN_ACCOUNTS, outside.sleep)
  const serviceCall = createServiceCall({
    baseUrl: settings.INFERENCE_BASE_URL,
    secret: settings.INFERENCE_SECRET,
    clock,
    fetch: fetchOfService(env, outside.fetch),
  })
  const media = createMediaStore(env.MEDIA)
  const gramsPerJoule = settings.GRID_GRAMS_PER_KWH / joulesPerKilowattHour
  const sendTasks = createSendTasks({ tasks: env.TASKS, videos: env.VIDEOS })
  const settleInference = createSettleInference({ database, ledger, clock, logger })
  return {
    settings,
    clock,
    logger,
    database,
    ledger,
    createId,
    passwords: createPasswordHasher(passwordParameters),
    accessTokens: createAccessTokens({
      secrets: [settings.JWT_SECRET, ...present(settings.JWT_SECRET_PREVIOUS)],
      clock,
    }),
    rateLimits: createRateLimits({
      namespace: env.RATE_LIMITS,
      quotas: {
        'logins-by-address': settings.LOGINS_BY_ADDRESS,
        'registrations-by-address': settings.REGISTRATIONS_BY_ADDRESS,
        'registrations-by-account': settings.REGISTRATIONS_BY_ACCOUNT,
        'uploads-by-address': settings.UPLOADS_BY_ADDRESS,
        'uploads-by-account': settings.UPLOADS_BY_ACCOUNT,
      },
      nameScope,
      clock,
      logger,
    }),
    loginGuard: createLoginGuard({
      namespace: env.LOGIN_GUARDS,
      policy: readLoginPolicy(settings),
      nameScope,
      clock,
      logger,
    }),
    pricePlan: settings.PRICE_PLAN,
    media,
    signedUrls: createSignedUrls({
      baseUrl: settings.PUBLIC_BASE_URL,
      secret: settings.MEDIA_URL_SECRET,
      previousSecret: settings.MEDIA_URL_SECRET_PREVIOUS,
      ttlSeconds: settings.MEDIA_URL_TTL_SECONDS,
      clock,
    }),
    presignedUrls: createPresignedUrls({
      endpoint: settings.S3_ENDPOINT,
      bucket: settings.S3_BUCKET,
      accessKeyId: settings.S3_ACCESS_KEY_ID,
      secretAccessKey: settings.S3_SECRET_ACCESS_KEY,
      clock,
    }),
    serviceCall,
    service: createInferenceServiceClient(serviceCall),
    models: createModelCatalogue({ serviceCall, clock, logger }),
    sendTasks,
    sendUploads: createSendUploads(env.UPLOADS),
    settleInference,
    readiness: createReadiness({ database, media, ledger, serviceCall, clock, logger }),
    gramsPerJoule,
    abortInferencesOf: createAbortAllOf({
      database,
      media,
      settleInference,
      sendTasks,
      clock,
      gramsPerJoule,
      settings,
      logger,
    }),
    orphanDatasetsOf: (owner) => orphanDatasetsOf(database, owner),
  }
}

function present<Value>(value: Value | undefined): Value[] {
  return value === undefined ? [] : [value]
}

const firstLoginWaitMs = 2_000

function readLoginPolicy(settings: Settings): LoginPolicy {
  return {
    freeFailures: Math.max(1, settings.LOGIN_FAILURES_FREE),
    windowMs: Math.max(1, settings.LOGIN_FAILURES_WINDOW_SECONDS) * 1000,
    firstWaitMs: firstLoginWaitMs,
    longestWaitMs: Math.max(firstLoginWaitMs, settings.LOGIN_WAIT_SECONDS_MAX * 1000),
    knownForMs: settings.LOGIN_KNOWN_FOR_DAYS * 86_400_000,
  }
}
