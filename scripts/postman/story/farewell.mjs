/**
 * What takes things away comes after all folders, so that the whole can be run in one go.
 * @type {readonly import('../steps.mjs').Step[]}
 */
export const farewell = [
  { operation: 'deleteDataset', path: { name: '{{datasetName}}' }, status: 200 },
  {
    operation: 'getDataset',
    name: 'Refused: a dataset that was deleted',
    path: { name: '{{datasetName}}' },
    status: 404,
    code: 'datasets.not_found',
  },
  {
    operation: 'listDatasets',
    name: 'List deleted datasets too',
    query: { includeDeleted: 'true' },
    status: 200,
    expect: { 'summary.active': 2, 'summary.deleted': 1 },
  },
  {
    operation: 'deleteUser',
    name: "Refused: to delete somebody else's account",
    as: 'stranger',
    path: { userId: '{{userId}}' },
    status: 403,
    code: 'users.not_yours',
  },
  { operation: 'deleteUser', path: { userId: '{{userId}}' }, status: 200 },
  {
    operation: 'deleteUser',
    name: 'Delete somebody else, who asks for it',
    as: 'stranger',
    path: { userId: '{{strangerId}}' },
    status: 200,
  },
  {
    operation: 'getProfile',
    name: 'Refused: the access token of a deleted account',
    status: 401,
    code: 'auth.user_not_found',
  },
]
