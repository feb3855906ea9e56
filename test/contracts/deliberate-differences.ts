import type { Departure } from './expectation.ts'
import { findRecordedOrThrow } from './recorded.ts'

export interface Difference extends Departure {
  readonly reason: string
}

const insufficient =
  'The README promises 401 for insufficient credit, and the original itself answers 400.'
const clientError = 'What the client got wrong is a 4xx that names it, never a 500.'
const limitNamed = 'The message names the parameter that is wrong: here the limit.'
const amountsAreNumbers =
  'An amount is a number in every answer; the original has text in this one and numbers elsewhere.'

const { data: listOfAll } = findRecordedOrThrow('admin_datasets_200').body as {
  data: { datasets: unknown }
}

/** Where our answers differ from the recorded ones on purpose, and what they are instead. */
export const deliberateDifferences: Readonly<Record<string, Difference>> = {
  admin_datasets_includeDeleted: {
    body: { 'data.datasets': listOfAll.datasets },
    reason: 'The type filter applies before paging, so that a page is not empty beside matches.',
  },
  admin_transactions_baduser: {
    status: 400,
    message: 'Invalid userId format. It must be a UUID',
    reason: clientError,
  },
  admin_transactions_limit101: {
    message: "Invalid pagination parameters: 'limit' must be 1-100.",
    reason: limitNamed,
  },
  admin_user_tokens_200: {
    body: { 'data.user.currentBalance': 210.55 },
    reason: amountsAreNumbers,
  },
  auth_basic_scheme_valid_token: {
    status: 401,
    message: 'Invalid token format',
    reason: 'An access token is a bearer token; another scheme is refused whatever follows it.',
  },
  datasets_data_limit101: {
    message: "Invalid pagination parameters: 'limit' must be 1-100.",
    reason: limitNamed,
  },
  datasets_image_suffix_match: {
    status: 404,
    message: 'File not found in dataset',
    reason: 'A file is found by its whole name; the original serves whatever ends in the same way.',
  },
  datasets_upload_insufficient: {
    status: 401,
    message:
      'Insufficient tokens. Required: 0.65 tokens, Current balance: 0.5 tokens, Shortfall: 0.15 tokens',
    reason: `${insufficient} Amounts are exact: no 0.15000000000000002.`,
  },
  datasets_upload_zero_balance: { status: 401, reason: insufficient },
  inferences_create_param_badformat: {
    message:
      'Parameter "outputFormat" must be one of the supported formats: .png, .jpg, .jpeg, .mp4, .avi, .webp, source. Received: gif',
    reason: 'The list goes on with the formats that the original does not have.',
  },
  inferences_create_insufficient: { status: 401, reason: insufficient },
  inferences_download_baduuid: {
    status: 400,
    message: 'Invalid id format',
    reason: clientError,
  },
  inferences_job_status_other_user: {
    status: 404,
    message: 'Job not found in queue.',
    reason: 'Another user’s job is nobody’s business: it is as if there were none.',
  },
  users_register_email_isEmail_fail: {
    status: 400,
    message: 'Email format is invalid. Please provide a valid email address with a proper domain',
    reason: clientError,
  },
  users_register_unicode_name: {
    status: 201,
    like: 'users_register_201',
    reason: 'Niccolò is a name: letters of every script are letters.',
  },
  users_tokens_200: {
    body: {
      'data.recentTransactions.*.amount': -0.65,
      'data.recentTransactions.*.balanceBefore': 95.05,
      'data.recentTransactions.*.balanceAfter': 94.4,
    },
    reason: amountsAreNumbers,
  },
  users_tokens_200_empty: {
    body: {
      'data.recentTransactions': [
        {
          id: '',
          operationType: 'initial_grant',
          operationId: '',
          amount: 100,
          balanceBefore: 0,
          balanceAfter: 100,
          description: '',
          createdAt: '',
        },
      ],
    },
    reason: 'The initial grant is an entry like any other: the balance is the sum of the entries.',
  },
  datasets_data_200: {
    body: { 'data.items.2.frameIndex': 0 },
    reason: 'The first frame of a video has the index 0; the original tells null for it.',
  },
}
