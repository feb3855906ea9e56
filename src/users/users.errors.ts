import { defineErrors } from '../shared/errors.ts'

export const userErrors = defineErrors({
  'auth.missing': {
    status: 401,
    hint: "Send the header 'Authorization: Bearer <token>', with the token that POST /api/users/login answers.",
    meaning: 'The route needs to know who asks, and the request has no `Authorization` header.',
    remedy:
      'Log in by `POST /api/users/login` with `email` and `password`, and send the `token` of its answer with every request, as `Authorization: Bearer <token>`. If you did send it, look whether a proxy or a redirect takes the header away. Nothing took effect and nothing was charged.',
  },
  'auth.malformed': {
    status: 401,
    hint: "The header must be 'Authorization: Bearer <token>': one word, a space and the token that POST /api/users/login answers.",
    meaning:
      'The `Authorization` header is there, but it is not the word `Bearer`, a space and one access token: another scheme such as `Basic` was used, the word was left out, or the token is empty or has a space in it.',
    remedy:
      'Send `Authorization: Bearer <token>` with the `token` that `POST /api/users/login` answered, without quotation marks and line breaks. Nothing took effect and nothing was charged.',
  },
  'auth.invalid': {
    status: 401,
    hint: 'Log in again by POST /api/users/login: tokens last 24 hours, and end when the password is changed.',
    meaning:
      'The access token is not one that lets you in: it is older than 24 hours, was cut or changed on the way, was made by another installation, or its user has changed their password since.',
    remedy:
      'Log in again by `POST /api/users/login` and use the new `token`. After a change of password take the `token` that its answer holds. The old one never works again; nothing took effect and nothing was charged.',
  },
  'auth.user_not_found': {
    status: 401,
    hint: 'The account of this token was deleted. Log in with another one.',
    meaning: 'The access token is genuine, but the account that it was made for has been deleted.',
    remedy:
      'Log in with another account, or register by `POST /api/users/user`; the e-mail address of the deleted one is free again. Nothing took effect and nothing was charged.',
  },
  'auth.bad_credentials': {
    status: 401,
    meaning:
      'No account has this e-mail address together with this password. Which of the two is wrong is not told, so that nobody can find out who has an account.',
    remedy:
      'Check both and try again: letters of the password count as they are written, upper or lower case, and so do spaces; those of the e-mail address do not. After several failures in a row you are made to wait. Somebody without an account registers by `POST /api/users/user`.',
  },
  'auth.too_many_failures': {
    status: 429,
    meaning:
      'So many logins to this account have failed that new ones have to wait; the password of this one was not tried. Each further failure doubles the wait, up to some minutes. The answer is the same for addresses that nobody registered.',
    remedy:
      'Wait `retryAfterSeconds` (the header `Retry-After` says the same) and log in once with the right password, or do it from a network address from which you logged in before, or with your live access token in `Authorization`: those need not wait. Trying meanwhile does not help.',
  },
  'auth.admin_required': {
    status: 403,
    hint: "Use the token of an account with the role 'admin'.",
    meaning: 'The route is for administrators, and the account of your access token is not one.',
    remedy:
      'Use an account with the role `admin`, or ask an administrator to do it. Who has just been made one needs no new token: the role is looked up with each request. Nothing took effect and nothing was charged.',
  },
  'users.not_yours': {
    status: 403,
    hint: 'The id in the address must be your own, which GET /api/users/profile tells.',
    meaning:
      'The id in the address is that of another account. Everybody may change and delete their own account only; administrators too.',
    remedy:
      'Put your own id into the address: `GET /api/users/profile` tells it as `id`. Nothing was changed.',
  },
  'users.email_taken': {
    status: 400,
    meaning:
      'Another account has this e-mail address already. Upper and lower case make no difference.',
    remedy:
      'Log in with it if the account is yours, or register (or change to) another address. If you are sending a registration again whose answer was lost, send it with the `Idempotency-Key` of the first time and you get that answer. Nothing was changed.',
  },
})
