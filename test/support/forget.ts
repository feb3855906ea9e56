import { env } from 'cloudflare:workers'

/**
 * Leaves no row that an account or an object belongs to, for what looks at everything there is: the database may hold rows
 * of another file's tests, whose accounts and objects are gone.
 */
export async function forgetEverything(): Promise<void> {
  const tables = [
    'dataset_tags',
    'dataset_items',
    'uploads',
    'videos',
    'ingestions',
    'file_uploads',
    'datasets',
    'inference_items',
    'inference_tasks',
    'inference_videos',
    'inferences',
    'token_transactions',
    'token_accounts',
    'users',
    'reconciliations',
  ]
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
}
