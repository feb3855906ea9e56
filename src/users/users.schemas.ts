import { z } from '@hono/zod-openapi'
import { answerSchema, doneSchema, tokensSchema } from '../shared/answer.schemas.ts'
import { requestErrors } from '../shared/errors.ts'
import { throwFirstIssue } from '../shared/validation.ts'
import { exampleAccessToken, examplePassword, examplePerson } from './user-examples.ts'
import {
  emailLengthMax,
  isBlank,
  isEmail,
  isName,
  nameLengthMax,
  passwordLengthMax,
  passwordLengthMin,
} from './users.rules.ts'

/** Marks the issue of a field that is missing or blank: the answer names all of them in one sentence. */
const missing = 'missing'

const nameRule = (label: string) =>
  `${label} must contain at least one letter and can only include letters, spaces, hyphens, or apostrophes`
const lengthRule = (label: string, max: number) => `${label} must be at most ${max} characters long`
const emailRule =
  'Email format is invalid. Please provide a valid email address with a proper domain'
const passwordRule = `Password must be at least ${passwordLengthMin} characters long and cannot be empty or contain only spaces`

/** Text that is there and not blank; `rule` is the answer to anything that is no text. */
function requiredText(rule: string, ifMissing = missing) {
  return z
    .string({ error: ({ input }) => (isBlank(input) ? ifMissing : rule) })
    .refine((text) => !isBlank(text), { error: ifMissing, abort: true })
}

function nameField(label: string) {
  return requiredText(nameRule(label))
    .trim()
    .max(nameLengthMax, { error: lengthRule(label, nameLengthMax), abort: true })
    .normalize('NFC')
    .refine(isName, nameRule(label))
}

/** An e-mail address without the spaces around it; `ifMissing` is the answer to a blank one. */
export function createEmailField(ifMissing = missing) {
  return requiredText(emailRule, ifMissing)
    .trim()
    .max(emailLengthMax, { error: lengthRule('Email', emailLengthMax), abort: true })
    .refine(isEmail, emailRule)
    .openapi({
      format: 'email',
      description: 'Upper and lower case are one; spaces around it are left out',
      example: examplePerson.email,
    })
}

const passwordField = requiredText(passwordRule)
  .min(passwordLengthMin, { error: passwordRule, abort: true })
  .max(passwordLengthMax, lengthRule('Password', passwordLengthMax))

const personShape = {
  name: nameField('Name').openapi({
    description: 'Letters of any script, spaces, hyphens and apostrophes',
    example: examplePerson.name,
  }),
  surname: nameField('Surname').openapi({
    description: 'As the name',
    example: examplePerson.surname,
  }),
  email: createEmailField(),
  password: passwordField.openapi({
    format: 'password',
    description: 'Characters of any kind, but not spaces alone',
    example: examplePassword,
  }),
}

const bodyRule = 'The body must be a JSON object.'

export const registerSchema = z.object(personShape, bodyRule).openapi('Registration')
export type Registration = z.infer<typeof registerSchema>

export const loginSchema = z
  .object(
    {
      email: createEmailField(),
      password: requiredText(missing).openapi({ format: 'password', example: examplePassword }),
    },
    bodyRule,
  )
  .openapi('Login')
export type Login = z.infer<typeof loginSchema>

/** A field that is missing, null or blank stays as it is. */
const unlessBlank = <Field extends z.ZodType>(field: Field) =>
  z.preprocess((value) => (isBlank(value) ? undefined : value), field.optional()).optional()

export const updateUserSchema = z
  .object(
    {
      name: unlessBlank(personShape.name),
      surname: unlessBlank(personShape.surname),
      email: unlessBlank(personShape.email),
      password: unlessBlank(personShape.password),
    },
    bodyRule,
  )
  .openapi('UserUpdate')
export type UserUpdate = z.infer<typeof updateUserSchema>

export const userIdSchema = z.object({
  userId: z.string().openapi({ format: 'uuid', description: 'Your own id' }),
})

type ParseResult = Parameters<typeof throwFirstIssue>[0]

/** Answers a refused registration: every missing field in one sentence, or else the first rule that is broken. */
export const throwRegistrationIssue = createIssueHook(
  (fields) =>
    `The following fields are required and cannot be empty or contain only spaces: ${fields.join(', ')}`,
)

export const throwLoginIssue = createIssueHook(
  () => 'Email and password are required and cannot be empty or contain only spaces',
)

function createIssueHook(describeMissing: (fields: readonly string[]) => string) {
  return (result: ParseResult): undefined => {
    const fields = listMissing(result)
    if (fields.length > 0) {
      throw requestErrors.createError('request.invalid', describeMissing(fields), { fields })
    }
    throwFirstIssue(result)
  }
}

function listMissing(result: ParseResult): string[] {
  if (result.success) return []
  return result.error.issues
    .filter((issue) => issue.message === missing)
    .map((issue) => issue.path.join('.'))
}

const profileShape = {
  id: z.uuid(),
  name: z.string(),
  surname: z.string(),
  email: z.string(),
}

const accessToken = z.string().openapi({
  description: 'For `Authorization: Bearer …`; lasts 24 hours, or until the password changes',
  example: exampleAccessToken,
})

export const registeredSchema = answerSchema(
  z.object({
    ...profileShape,
    tokens: tokensSchema.openapi({ description: 'The initial grant' }),
    role: z.enum(['user', 'admin']).openapi({ description: 'Who registers is a user' }),
  }),
)

export const loggedInSchema = answerSchema(
  z.object({
    token: accessToken,
    user: z.object({ id: z.uuid(), name: z.string(), email: z.string() }),
  }),
)

export const profileSchema = z.object({
  success: z.literal(true),
  data: z.object(profileShape).openapi('Profile'),
})

export const updatedSchema = answerSchema(
  z.object({
    ...profileShape,
    token: accessToken.optional().openapi({
      description: 'After a change of password alone, which ends every earlier token',
    }),
  }),
)

export const deletedSchema = doneSchema
