/** The person who is in the examples of the API's document. */
export const examplePerson = {
  name: 'Mario',
  surname: 'Rossi',
  email: 'mario.rossi@example.com',
}

export const exampleProfile = { id: '98ba966c-595a-4c79-9ac3-4285400a126a', ...examplePerson }

export const examplePassword = 'correct horse battery'

export const exampleAccessToken = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzZjBjMmE4ZSJ9.c2lnbmF0dXJl'
