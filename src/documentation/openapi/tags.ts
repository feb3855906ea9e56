/** The headings of the document, in the order in which somebody who is new here meets them. */
export const tags = [
  {
    name: 'Users',
    description: 'Register, log in, see and change who you are, and what you have to spend.',
  },
  {
    name: 'Datasets',
    description:
      'A dataset holds what is to be repaired: pictures and videos, each with the mask of what is to go.',
  },
  {
    name: 'Files in parts',
    description: 'A file too large for one request is sent in parts, straight to storage.',
  },
  {
    name: 'Models',
    description: 'What repairs the pictures: the models, what each can do, and what it takes.',
  },
  {
    name: 'Inferences',
    description: 'Start a model over a dataset, watch how far it is, and download what it made.',
  },
  { name: 'Media', description: 'Pictures, masks and videos by their signed URLs.' },
  { name: 'Administration', description: 'For administrators: recharge accounts, see everything.' },
  { name: 'System', description: 'What this is, whether it works, and its own description.' },
] as const
