/**
 * @typedef {object} Facts what the routes are asked about
 * @property {string} userId
 * @property {string} dataset
 * @property {string} inference
 * @property {number} job
 * @property {import('./person.mjs').Person} user
 * @property {import('./person.mjs').Person} admin
 * @property {string | null} model whose jobs end here
 *
 * @typedef {object} ReadRoute
 * @property {string} name
 * @property {(facts: Facts) => string} at
 * @property {string[]} calls what it asks of D1, objects, R2 and services, one after another; held against the Worker
 * @property {'admin'} [by] who asks, where it is not a user
 * @property {number} [original] requests/s of the original on two cores, sixteen at a time
 */

const items = 10

/** @type {ReadRoute[]} */
export const readRoutes = [
  { name: 'health', at: () => '/health', calls: [] },
  { name: 'profile', at: () => '/api/users/profile', calls: ['query'], original: 1051 },
  { name: 'tokens', at: () => '/api/users/tokens', calls: ['query', 'object'], original: 802 },
  { name: 'datasets', at: () => '/api/datasets', calls: ['query', 'query'], original: 691 },
  {
    name: 'one dataset',
    at: ({ dataset }) => `/api/datasets/${dataset}`,
    calls: ['query', 'query'],
  },
  {
    name: 'items',
    at: ({ dataset }) => `/api/datasets/${dataset}/data?limit=${items}`,
    calls: ['query', 'batch 2'],
    original: 490,
  },
  { name: 'inferences', at: () => '/api/inferences', calls: ['query', 'query'] },
  {
    name: 'one inference',
    at: ({ inference }) => `/api/inferences/${inference}`,
    calls: ['query', 'query', 'query'],
  },
  {
    name: 'job status',
    at: ({ job }) => `/api/inferences/job/${job}/status`,
    calls: ['query', 'query', 'query'],
  },
  {
    name: 'results',
    at: ({ inference }) => `/api/inferences/${inference}/results`,
    calls: ['query', 'query', 'query'],
  },
  { name: 'models', at: () => '/api/models', calls: ['query'] },
  {
    name: 'transactions (admin)',
    at: () => '/api/admin/transactions',
    calls: ['query', 'batch 2', 'query', 'query'],
    by: 'admin',
  },
  {
    name: 'datasets (admin)',
    at: () => '/api/admin/datasets',
    calls: ['query', 'query', 'query'],
    by: 'admin',
  },
]
