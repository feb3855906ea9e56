import { type Replay, readTextAt } from './replay.ts'

/** The people of the recorded story, by their access tokens. */
export interface People {
  readonly mario: string
  readonly marioEmail: string
  /** Another user, who has nothing to do with Mario. */
  readonly eve: string
  readonly administrator: string
  /** What stands in for the recorded digits in every e-mail address. */
  readonly stamp: string
}

const recordedStamp = 'mario1795243953351'
const recordedMarioId = '4991aeaa-1c3e-421a-800f-02792725c575'
const recordedAdministratorId = '97eaf1fd-6c36-4744-b207-989623b455c5'
const password = 'Passw0rd!'

/** Registers people, right and wrong, and logs them in. */
export async function playRegistrations(replay: Replay): Promise<People> {
  const { play, standIns } = replay
  const stamp = `mario${crypto.randomUUID().replaceAll('-', '')}`
  standIns.learn(recordedStamp, stamp)
  standIns.learn(recordedStamp.toUpperCase(), stamp.toUpperCase())

  standIns.learn(recordedMarioId, readTextAt(await play('users_register_201'), 'data.id'))
  await play('users_register_duplicate')
  await play('users_register_missing')
  await play('users_register_bademail')
  await play('users_register_badname')
  await play('users_register_shortpw')
  await play('users_register_nonstring')
  await play('users_register_unicode_name')
  await play('users_register_email_isEmail_fail')
  await play('users_register_role_escalation')

  const mario = readTextAt(await play('users_login_200'), 'data.token')
  await play('users_login_wrongpw')
  await play('users_login_unknown')
  await play('users_login_missing')
  await play('users_login_no_body')
  await play('users_login_bademail')
  await play('users_login_malformed_json')

  const administrator = await logIn(replay, {
    email: 'admin@system.com',
    password: 'AdminPassword123!',
  })
  standIns.learn(recordedAdministratorId, administrator.id)
  const eve = await logIn(replay, { email: `eve${stamp}@example.com`, password })
  return {
    mario,
    marioEmail: `${stamp}@example.com`,
    eve: eve.token,
    administrator: administrator.token,
    stamp,
  }
}

/** What a token opens, and what it does not. */
export async function playAccess({ play }: Replay, { mario }: People): Promise<void> {
  await play('users_profile_200', { as: mario })
  await play('users_tokens_200_empty', { as: mario })
  await play('auth_missing_header')
  await play('auth_bad_scheme', { authorization: mario })
  await play('auth_basic_scheme_valid_token', { authorization: `Basic ${mario}` })
  await play('auth_bad_token', { as: `${mario.slice(0, -8)}AAAAAAAA` })
}

export async function playSystem({ play }: Replay, { mario }: People): Promise<void> {
  await play('root')
  await play('health')
  await play('options_preflight')
  await play('route_not_found', { as: mario })
  await play('method_not_found', { as: mario })
}

/** Changes of one's own account. */
export async function playAccountChanges({ play }: Replay, { mario }: People): Promise<void> {
  await play('users_update_200', { as: mario })
  await play('users_update_empty', { as: mario })
  await play('users_update_empty_password', { as: mario })
  await play('users_update_dup_email', { as: mario })
  await play('users_update_baduuid', { as: mario })
  await play('users_update_other', { as: mario })
}

/** The end of the story. */
export async function playDeletion({ play }: Replay, { mario }: People): Promise<void> {
  await play('users_delete_other', { as: mario })
  await play('users_delete_200', { as: mario })
  await play('users_profile_after_delete', { as: mario })
  await play('users_login_after_delete')
}

/** A user who is in no recorded request. */
export async function registerExtra(replay: Replay, { stamp }: People): Promise<LoggedIn> {
  const person = { name: 'Mario', surname: 'Rossi', email: `poor${stamp}@example.com`, password }
  await replay.send({ method: 'POST', path: '/api/users/user', json: person })
  return logIn(replay, person)
}

export interface LoggedIn {
  readonly id: string
  readonly email: string
  readonly token: string
}

async function logIn(
  { send }: Replay,
  { email, password }: { email: string; password: string },
): Promise<LoggedIn> {
  const request = { method: 'POST', path: '/api/users/login', json: { email, password } }
  const answer = await send(request)
  return {
    id: readTextAt(answer, 'data.user.id'),
    email,
    token: readTextAt(answer, 'data.token'),
  }
}
